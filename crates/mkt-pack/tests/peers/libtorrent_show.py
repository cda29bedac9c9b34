"""What libtorrent reads from each .torrent that is named, one JSON document a line."""

import json
import sys

import libtorrent

for path in sys.argv[1:]:
    info = libtorrent.torrent_info(path)
    files = info.files()
    print(json.dumps({
        "infohash": str(info.info_hashes().v1),
        "name": info.name(),
        "piece_length": info.piece_length(),
        "pieces": [info.hash_for_piece(piece).hex() for piece in range(info.num_pieces())],
        "bytes": info.total_size(),
        "private": info.priv(),
        "files": [[files.file_path(file), files.file_size(file)] for file in range(info.num_files())],
    }))
