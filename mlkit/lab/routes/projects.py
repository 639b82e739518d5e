"""Projects: the one a file lies in, a new one, and what a data file holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mlkit.core.files import write_bytes
from mlkit.core.project import Project
from mlkit.lab.command import ask
from mlkit.lab.places import Places
from mlkit.lab.refusal import Refusal
from mlkit.lab.routes.route import Route, guarded

__all__ = ["ROUTES"]

NEW = {"folder": str, "data": str, "target": str, "recipe": str, "question": str}


class Projects(Route):
    """``projects``: find, make, or make one of a folder of notebooks."""

    @guarded
    async def get(self) -> None:
        """Tell which project a file or folder lies in; null if in none."""
        path = self.word("path")
        try:
            found = self.places.project(path)
        except Refusal as no:
            if no.status_code != 404 or "project" not in no.form["message"]:
                raise
            self.reply({"project": None})
        else:
            self.reply({"project": facts(self.places, found)})

    @guarded
    async def post(self) -> None:
        """Make a project from a data file and a target."""
        asked = self.form(**NEW)
        folder = new_folder(self.places, asked.get("folder", ""))
        data = self.places.find(asked.get("data", ""))
        options = [
            f"--{key}={asked[key]}"
            for key in ("target", "recipe", "question")
            if asked.get(key)
        ]
        if "\0" in "".join(options):
            raise Refusal(400, "a word holds a NUL character")
        words = ["new", f"--data={data}", *options, "--", str(folder)]
        told = await ask(*words, cwd=folder.parent)
        project = self.places.project(self.places.name(folder))
        self.reply({"project": facts(self.places, project), "told": told}, 201)

    @guarded
    async def put(self) -> None:
        """Make a project of a folder of notebooks."""
        folder = self.places.find(self.form(folder=str).get("folder", ""))
        if not folder.is_dir():
            raise Refusal(400, "this is no folder", got=folder.name)
        if not (folder / "mlkit.toml").exists():
            write_bytes(folder / "mlkit.toml", b"format = 1\n")
        project = self.places.project(self.places.name(folder))
        self.reply({"project": facts(self.places, project)})


class Data(Route):
    """``data``: the columns of a data file, and the recipe that fits them."""

    @guarded
    async def get(self) -> None:
        """Look into a data file, in a process of its own."""
        data = self.places.find(self.word("path"))
        look = ["new", "--look", f"--data={data}", "--", data.stem or "project"]
        found = await ask(*look, cwd=data.parent)
        self.reply(json.loads(found.rstrip("\n").split("\n")[-1]))


def facts(places: Places, project: Project) -> dict[str, Any]:
    """Return what the panel's head tells of a project."""
    return {
        "path": places.name(project.root),
        "name": project.root.name,
        "question": str(project.config("goal.question", "")),
        "metric": str(project.config("goal.metric", "")),
        "profiles": sorted(project.config("profiles", {})),
    }


def new_folder(places: Places, path: str) -> Path:
    """Return a folder that need not be there yet, below one that is."""
    parent, _, name = path.rpartition("/")
    home = places.find(parent)
    if not home.is_dir():
        raise Refusal(400, "this is no folder", got=parent)
    if not name.strip() or name in (".", "..") or name.startswith((".", "-")):
        raise Refusal(400, "this is no name for a folder", got=name[:80])
    return places.inside(home / places.checked(name))


ROUTES: list[tuple[str, type[Route]]] = [("projects", Projects), ("data", Data)]
