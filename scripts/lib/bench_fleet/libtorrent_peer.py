"""One libtorrent peer of a benchmark: torrent, folder, own address, home, the file to wait for, and whom to dial."""

import sys
import time
from pathlib import Path

import libtorrent as lt

torrent, folder, address, home, go, *others = sys.argv[1:]
session = lt.session({"listen_interfaces": f"{address}:6890", "enable_dht": False, "enable_lsd": False,
                      "enable_upnp": False, "enable_natpmp": False, "alert_mask": 0})
handle = session.add_torrent({"ti": lt.torrent_info(torrent), "save_path": folder})
while not handle.status().has_metadata or str(handle.status().state).startswith("checking"):
    time.sleep(0.02)
Path(home, "ready").touch()
while not Path(go).exists():
    time.sleep(0.01)
for other in others:
    handle.connect_peer((other, 6890))
told = False
while True:
    if not told and handle.status().is_seeding:
        told = True
        Path(home, "done").touch()
    time.sleep(0.02)
