//! rtorrent's remote control: XML-RPC over SCGI on any byte stream.
