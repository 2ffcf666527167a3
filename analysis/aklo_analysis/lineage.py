"""Which image a process runs when: the births of lives, and the life that each call is in.

A process is born as a copy of its parent, running the parent's image, and reborn with every
exec.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, positions
from aklo_analysis.frames import Frames
from aklo_trace.schema import ProcessFlag

Int64 = npt.NDArray[np.int64]


def births(frames: Frames) -> pd.DataFrame:
    """A row per life, by process and time: `process` and `image`, which are rows of the
    frames or `UNKNOWN`, and `begin_ns`. `origin` is the row of the life that it was born from,
    of the parent or of the process itself before exec, and `executed` tells these cases; sorted
    by `birth` lives come after their origin."""
    parent = positions(frames.processes, "proc_id", frames.processes["parent_proc_id"])
    owner = positions(frames.processes, "proc_id", frames.images["proc_id"])
    forks = zip(frames.processes["start_ns"], range(len(parent)), parent.tolist(), strict=True)
    execs = zip(frames.images["ts_ns"], owner.tolist(), range(len(owner)), strict=True)
    # at the same instant a fork comes first: an exec then replaces the inherited image
    events = [(ts, False, *fork) for ts, *fork in forks]
    events += [(ts, True, *ex) for ts, *ex in execs if ex[0] != UNKNOWN]
    life_now: dict[int, int] = {}
    rows: list[tuple[int, ...]] = []
    for begin_ns, is_exec, process, source in sorted(events):
        if not is_exec and process in life_now:
            continue  # its exec was seen before its beginning
        mother = process if process in life_now else int(parent[process])
        origin = life_now.get(mother, UNKNOWN)
        image = UNKNOWN if origin == UNKNOWN else rows[origin][1]
        life_now[process] = len(rows)
        rows.append((process, source if is_exec else image, begin_ns, origin, is_exec))
    columns = ["process", "image", "begin_ns", "origin", "executed"]
    frame = pd.DataFrame(rows, columns=columns, dtype=np.int64)
    frame = frame.assign(executed=frame["executed"] == 1, birth=frame.index)
    frame = _without_launch(frames, frame.sort_values("process", kind="stable", ignore_index=True))
    origin = pd.Index(frame["birth"]).get_indexer(pd.Index(frame["origin"]))
    return frame.assign(origin=origin.astype(np.int64))


def _without_launch(frames: Frames, born: pd.DataFrame) -> pd.DataFrame:
    """The target of a trace begins as the program that it is started to run: what it was in
    the moment before its first exec is the tracer's, and nobody's image."""
    process = born["process"]
    start_seen = (frames.processes["flags"].to_numpy() & ProcessFlag.START_UNSEEN) == 0
    launch: pd.Series[bool] = ~process.duplicated() & process.duplicated(keep="last")
    launch &= (born["image"] == UNKNOWN) & start_seen[process]
    after = launch.shift(fill_value=False)
    begin_ns = born["begin_ns"].mask(after, born["begin_ns"].shift(fill_value=0))
    return born.assign(begin_ns=begin_ns).loc[~launch].reset_index(drop=True)


def lives_of_calls(
    born: pd.DataFrame, calls: pd.DataFrame, images: int
) -> tuple[pd.DataFrame, Int64]:
    """All lives, and for each call its row in them. `images` is how many there are.

    A call without an image belongs to the first life of its process. Lives of which only
    calls tell, because their process or image is unknown, come last and are `stray`.
    """
    process, image = calls["process"].to_numpy(np.int64), calls["image"].to_numpy(np.int64)
    first_image = np.append(born.drop_duplicates("process")["image"].to_numpy(), UNKNOWN)
    image = np.where(image == UNKNOWN, first_image[process], image)

    def key(process: Int64, image: Int64) -> Int64:
        return process * (images + 1) + (image - UNKNOWN)

    keys = key(process, image)
    life = pd.Index(key(born["process"].to_numpy(), born["image"].to_numpy())).get_indexer(
        pd.Index(keys)
    )
    stray_call = life == UNKNOWN
    stray, stray_life = np.unique(keys[stray_call], return_inverse=True)
    life[stray_call] = len(born) + stray_life
    strays = pd.DataFrame(
        {"process": stray // (images + 1), "image": stray % (images + 1) + UNKNOWN, "begin_ns": 0}
    ).assign(origin=UNKNOWN, executed=False, birth=len(born))
    parts = born.assign(stray=False), strays.assign(stray=True)
    return pd.concat(parts, ignore_index=True), life
