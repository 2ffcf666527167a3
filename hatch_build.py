"""What hatchling does first: the wheel carries the BPF object of the machine that builds it."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Objects(BuildHookInterface[Any]):
    """Builds the object, if that can be, and names the wheel after the machine that it is for.
    Without it the wheel is for all, and has the engines that need none."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        bpf, machine = Path(self.root, "bpf"), platform.machine()
        built = subprocess.run(["make", "-s", "-C", bpf, f"MACHINE={machine}"], check=False)
        if built.returncode == 0:
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-linux_{machine}"
            build_data["artifacts"].append(f"tracer/aklo_trace/ebpf/*.{machine}.bpf.o")
        else:
            self.app.display_warning("No BPF object: see above. The engine ebpf is left out.")
            subprocess.run(["make", "-s", "-C", bpf, "sources"], check=True)
