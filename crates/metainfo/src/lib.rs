//! The .torrent file: bencode, info dict, infohash, piece hashing and checking (BEP 3, 12, 27).
