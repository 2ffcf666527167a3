"""The programs that shells have started, and the processes that these shells forked for it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.frames import Frames
from aklo_analysis.nullable import Objects, objects
from aklo_analysis.rules.places import Places

Int64 = npt.NDArray[np.int64]


def starts(frames: Frames, places: Places, names: Objects) -> pd.DataFrame:
    """A row for each program that a shell has started, by time:

    =======  ======  ==============================================================
    life     int64   that of the program, a row of `lives.table`
    root     int64   the life that was forked for it and did nothing else, or `life`
    mother   int64   the shell's
    process  int64   a row of `frames.processes`
    place    int64   where, see `Places`
    program  object  its name as `program.program_name` has it
    name     object  the same without the interpreter
    argv     object  its arguments, a tuple, without the name; None if not known
    =======  ======  ==============================================================
    """
    table = places.lives.table
    image = table["image"].to_numpy()
    known = places.executed & pd.notna(names[image])
    life = np.flatnonzero(known & (places.of_lives != UNKNOWN))
    life = life[np.argsort(table["start_ns"].to_numpy()[life], kind="stable")]
    program = names[image[life]]
    return pd.DataFrame(
        {
            "life": life,
            "root": places.roots[life],
            "mother": places.mother[life],
            "process": table["process"].to_numpy(np.int64)[life],
            "place": places.of_lives[life],
            "program": program,
            "name": np.array([name.rpartition(" (")[0] or name for name in program], dtype=object),
            "argv": _arguments(frames)[image[life]],
        }
    )


def _arguments(frames: Frames) -> Objects:
    """By image."""
    found = np.empty(len(frames.images), dtype=object)
    for image, argv in enumerate(objects(frames.images["argv"])):
        found[image] = None if argv is None else argv[1:]
    return found
