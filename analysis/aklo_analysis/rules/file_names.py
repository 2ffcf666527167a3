"""What to call the files of a trace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

Int64 = npt.NDArray[np.int64]

NAMELESS: Final = {"pipe": "a pipe", "fifo": "a fifo", "socket": "a socket"}
"""By kind, what has no path."""
UNNAMED: Final = "a file without a name"


@dataclass(frozen=True)
class FileNames:
    """Of each row of `frames.files`, and of two more for those of no row, the `number` of its name,
    a place in `texts`."""

    number: Int64
    texts: list[str]

    def of(self, files: Int64) -> list[str]:
        return [self.texts[number] for number in self.number[files].tolist()]

    def most_frequent(self, files: Int64) -> Iterator[tuple[str, int]]:
        """The names of these files, each with how many of them have it."""
        counts = pd.Series(self.number[files]).value_counts()
        texts = [self.texts[number] for number in counts.index.tolist()]
        return zip(texts, counts.tolist(), strict=True)


def file_names(files: pd.DataFrame) -> FileNames:
    kind, path = files["kind"].astype("object"), files["path"]
    names = path.astype("object").where(path.notna(), kind.map(NAMELESS)).fillna(UNNAMED)
    number, texts = pd.factorize(np.array([*names, UNNAMED, UNNAMED], dtype=object))
    return FileNames(number, [str(text) for text in texts])
