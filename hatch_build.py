"""What hatchling does first: the wheel carries the BPF object of the machine that builds it,
and the manual page."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Objects(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self.build_object(build_data)
        self.build_page(build_data)

    def build_object(self, build_data: dict[str, Any]) -> None:
        """If that can be; the wheel is named after the machine that it is for. Without an object
        it is for all, and has the engines that need none."""
        bpf, machine = Path(self.root, "bpf"), platform.machine()
        built = subprocess.run(["make", "-s", "-C", bpf, f"MACHINE={machine}"], check=False)
        if built.returncode == 0:
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-linux_{machine}"
            build_data["artifacts"].append(f"tracer/aklo_trace/ebpf/*.{machine}.bpf.o")
        else:
            self.app.display_warning("No BPF object: see above. The engine ebpf is left out.")
            subprocess.run(["make", "-s", "-C", bpf, "sources"], check=True)

    def build_page(self, build_data: dict[str, Any]) -> None:
        page = Path(self.root, "build", "aklo-trace.1")
        page.parent.mkdir(exist_ok=True)
        script, tracer = Path(self.root, "scripts", "man_page.py"), Path(self.root, "tracer")
        environ = {**os.environ, "PYTHONPATH": str(tracer)}
        with page.open("wb") as written:
            subprocess.run([sys.executable, script], stdout=written, env=environ, check=True)
        build_data["shared_data"][str(page)] = "share/man/man1/aklo-trace.1"
