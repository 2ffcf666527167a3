"""Which images are shells, and what is told of those that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.devices import unpacked
from aklo_trace.ebpf.shell_images import UNSEEN, Shells
from aklo_trace.ebpf.shells import SHELLS_FILE, Binary
from aklo_trace.events import ImageStart, ProcessEnd

DEV = 8 << 20 | 1
BINARIES = (
    Binary(DEV, 1, "/bin/bash", "bash 5.2.15"),
    Binary(DEV, 2, "/old/bash", "bash 4.4.0", "it is old"),
    Binary(DEV, 3, "/bin/true"),
)


@pytest.fixture
def shells(tmp_path: Path) -> Shells:
    path = tmp_path / SHELLS_FILE
    path.write_text("".join(binary.as_json() + "\n" for binary in BINARIES) + '{"dev": 1, "in')
    return Shells(path)


def image(proc_id: int, exe: bytes | None, inode: int | None, dev: int = DEV) -> ImageStart:
    return ImageStart(0, proc_id, exe, None, dev=unpacked(dev), inode=inode)


def named(shells: Shells, *images: ImageStart) -> list[str | None]:
    events = shells.named([*images, ProcessEnd(1, 1)])
    return [event.shell for event in events if isinstance(event, ImageStart)]


def test_an_image_is_the_shell_that_its_file_is(shells: Shells) -> None:
    images = [image(1, b"/bin/sh", 1), image(2, b"/bin/true", 3), image(3, b"/x", 9)]
    assert named(shells, *images) == ["bash 5.2.15", None, None]
    assert shells.notes() == ()


def test_an_inode_of_another_device_is_another_file(shells: Shells) -> None:
    assert named(shells, image(1, b"/x", 1, dev=DEV + 1), image(2, b"/x", None)) == [None, None]


def test_a_bash_that_cannot_be_read_is_noted_with_its_reason(shells: Shells) -> None:
    images = [image(1, b"/old/bash", 2), image(1, b"/old/bash", 2), image(2, b"/old/bash", 2)]
    assert named(shells, *images) == ["bash 4.4.0"] * 3
    assert shells.notes() == (
        "2 processes ran bash 4.4.0 (/old/bash), without functions and lines: it is old.",
    )


def test_other_shells_are_known_by_their_names(shells: Shells) -> None:
    images = [image(1, b"/bin/dash", 9), image(2, b"/usr/bin/zsh", 8), image(3, None, 7)]
    assert named(shells, *images) == ["dash", "zsh", None]
    assert shells.notes() == (
        "1 process ran dash, without functions and lines: only bash can be read.",
        "1 process ran zsh, without functions and lines: only bash can be read.",
    )


def test_what_may_be_a_bash_and_was_not_looked_at_is_noted(tmp_path: Path) -> None:
    shells = Shells(tmp_path / "absent", asked=True)
    images = [
        image(1, b"/there/bash", 1),
        image(2, b"/dev/fd/3", 2),
        image(3, b"/there/true", 3),
        image(4, b"/there/bash", None),
    ]
    assert named(shells, *images) == [None] * 4
    assert shells.notes() == tuple(
        f"1 process ran {path}, without functions and lines: {UNSEEN}."
        for path in ("/dev/fd/3", "/there/bash")
    )


def test_nothing_is_noted_where_no_shell_was_to_be_asked(tmp_path: Path) -> None:
    shells = Shells(tmp_path / "absent", asked=False)
    named(shells, image(1, b"/there/bash", 1))
    assert shells.notes() == ()


def test_a_recording_without_the_file_has_no_shells(tmp_path: Path) -> None:
    shells = Shells(tmp_path / "absent")
    assert named(shells, image(1, b"/bin/bash", 1)) == [None]


def test_more_programs_than_can_be_told_apart_are_noted(tmp_path: Path) -> None:
    path = tmp_path / SHELLS_FILE
    binaries = [Binary(DEV, inode, "/x").as_json() + "\n" for inode in range(layout.SHELLS)]
    path.write_text("".join(binaries[1:]))
    assert Shells(path).notes() == ()
    path.write_text("".join(binaries))
    (note,) = Shells(path).notes()
    assert note.startswith("1,024 different programs were looked at")
