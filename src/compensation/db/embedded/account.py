"""Which account a server runs as, and what that account can reach. PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from pathlib import Path
from typing import Any, Self

import msgspec


class Account(msgspec.Struct, frozen=True):
    """A user of this machine that root may act as."""

    name: str
    uid: int
    gid: int

    @classmethod
    def unprivileged(cls) -> Self | None:
        """``postgres``, else ``nobody``, when we are root; None when we are an ordinary user and need no other."""
        if os.geteuid() != 0:
            return None
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        chosen = known.get("postgres") or known.get("nobody")
        if chosen is None:
            raise LookupError("PostgreSQL refuses to run as root, and there is no user postgres or nobody.")
        return cls(chosen.pw_name, chosen.pw_uid, chosen.pw_gid)

    def for_popen(self) -> dict[str, Any]:
        """What subprocess needs to become this account, without any other group of ours."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def reaches(self, folder: Path) -> bool:
        """Whether this account may enter the folder; asked of the kernel, which knows every rule."""
        return subprocess.run(["/usr/bin/test", "-x", folder], check=False, **self.for_popen()).returncode == 0

    def own(self, folder: Path) -> None:
        """Give the folder and all in it to this account, unless it is its owner already."""
        if folder.stat().st_uid == self.uid:
            return
        for top, folders, files in os.walk(folder):
            for name in (*folders, *files):
                os.chown(Path(top, name), self.uid, self.gid, follow_symlinks=False)
        # Last, so that a walk cut short is walked again.
        os.chown(folder, self.uid, self.gid)
