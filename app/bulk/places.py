"""Folders and object stores alike: a file system and a path in it."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pyarrow import fs


@dataclass(frozen=True, slots=True)
class Place:
    """Where pictures lie or results go.

    Attributes:
        files: the file system, as pyarrow knows it.
        path: in it.
    """

    files: fs.FileSystem
    path: str

    def inside(self, name: str) -> str:
        """The path of a file in here."""
        return str(PurePosixPath(self.path) / name)

    def locate(self, other: "Place") -> PurePosixPath | None:
        """Another place as seen from here; None if it is not in here."""
        path = PurePosixPath(other.path)
        if self.files != other.files or not path.is_relative_to(self.path):
            return None
        return path.relative_to(self.path)

    def __str__(self) -> str:
        """An address for people, without keys and options."""
        return f"{self.files.type_name}://{PurePosixPath(self.path)}"


def find_place(text: str) -> Place:
    """What a path or an address such as `s3://bucket/folder` means.

    Raises:
        ValueError: no such kind of address.
        OSError: it cannot be asked for.
    """
    if "://" in text:
        return Place(*fs.FileSystem.from_uri(text))
    return Place(fs.LocalFileSystem(), str(Path(text).resolve()))


def find_source(text: str) -> tuple[Place, list[str]]:
    """The folder that is meant, and the files in it that are: of a file, itself.

    Raises:
        ValueError: no such kind of address.
        OSError: it cannot be asked for.
    """
    place = find_place(text)
    if place.files.get_file_info(place.path).type == fs.FileType.File:
        path = PurePosixPath(place.path)
        return Place(place.files, str(path.parent)), [path.name]
    return place, list_files(place)


def list_files(place: Place) -> list[str]:
    """Paths of all files in a folder and in the folders in it, as seen from there, sorted.

    What begins with a dot or an underscore is left out, as by most that read such folders.
    """
    selector = fs.FileSelector(place.path, recursive=True, allow_not_found=True)
    found = (
        PurePosixPath(each.path).relative_to(PurePosixPath(place.path))
        for each in place.files.get_file_info(selector)
        if each.type == fs.FileType.File
    )
    return sorted(str(each) for each in found if not any(part[0] in "._" for part in each.parts))
