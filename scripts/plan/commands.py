"""The commands of scripts/: which there are, the digest of a command's code, and the shell that runs it."""

import hashlib
from pathlib import Path

from plan.digests import code_digest

LIBRARIES = ("dsi", "plan")


class UnknownCommandError(LookupError):
    """A rule or a user names a command that there is not; the message says which there are."""


def command_files(scripts: Path) -> dict[str, Path]:
    """The file of every command by its name, ordered by stage and name: scripts/<stage>/<command>.py."""
    files = sorted(path for path in scripts.glob("*/*.py") if path.parent.name not in LIBRARIES)
    return {path.stem: path for path in files}


class Commands:
    """The commands below one folder, as rules use them."""

    def __init__(self, scripts: Path) -> None:
        self.scripts = scripts
        self.files = command_files(scripts)

    def digest(self, name: str, *modules: str) -> str:
        """The digest of a command, of what it imports, and of modules that it imports by name.

        Args:
            modules: files of this project, relative to scripts/.

        Raises:
            UnknownCommandError: there is no such command.
        """
        if name not in self.files:
            raise UnknownCommandError(f"no command {name!r}; expected one of {', '.join(self.files)}")
        return code_digest(self.scripts, self.files[name], *(self.scripts / module for module in modules))

    def files_digest(self, folder: str) -> str:
        """The digest of the files of a package that are no Python, which `digest` does not see.

        Args:
            folder: of this project, relative to scripts/.
        """
        digest = hashlib.sha256()
        found = (path for path in (self.scripts / folder).rglob("*") if path.is_file())
        for path in sorted(path for path in found if path.suffix not in (".py", ".pyc")):
            digest.update(path.relative_to(self.scripts).as_posix().encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()[:16]

    def shell(self, line: str, *, code: str | None = None, figure: bool = False) -> str:
        """The shell command of a rule: interpreter, command and options, all that it says in the rule's log.

        DSI_CODE makes other code another shell command, which Snakemake compares; DSI_TIMES names the file
        for the command's CPU-seconds. The interpreter comes from the environment (`plan.environment`).

        Args:
            line: the command's name, or {params.command} where it depends on wildcards, and its options.
                They may refer to input, output, params, wildcards and threads.
            figure: whether it draws one, and is told the files and the resolution.
            code: {params.code} where the digest depends on wildcards; else it is that of the command.
        """
        line += " --svg {output.svg} --png {output.png} --dpi {params.dpi}" if figure else ""
        digest = self.digest(line.split()[0]) if code is None else code
        return f'DSI_CODE={digest} DSI_TIMES={{log}}.times "$DSI_PYTHON" "$DSI_SCRIPTS" {line} > {{log}} 2>&1'
