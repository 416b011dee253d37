"""Every command of this project, by stage.

python scripts                  the list
python scripts train --help     what one does; works from any folder
"""

import ast
import difflib
import gc
import os
import runpy
import sys
from contextlib import nullcontext
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[0] = str(HERE)  # `python scripts` puts the name as it was typed here

from plan.commands import command_files  # noqa: E402
from plan.job import beside_no_other, is_job  # noqa: E402


def listing(files: dict[str, Path]) -> str:
    """The commands under their stages, each with the first line of its docstring."""
    lines, stage = ["usage: python scripts COMMAND …; python scripts COMMAND --help explains one"], ""
    for name, path in files.items():
        if path.parent.name != stage:
            stage = path.parent.name
            lines += ["", stage]
        summary = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
        lines.append(f"  {name:<26} {summary}")
    return "\n".join(lines)


def show(text: str) -> None:
    """Print, without a traceback where the reader has gone (`python scripts | head`)."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Python flushes once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def unknown(name: str, files: dict[str, Path]) -> str:
    """The message for a command that there is not."""
    near = difflib.get_close_matches(name, files, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"error: no command {name!r}; {hint}`python scripts` lists them"


def main() -> None:
    files = command_files(HERE)
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        show(listing(files))
        return
    name = sys.argv.pop(1)
    if name not in files:
        sys.exit(unknown(name, files))
    # What imports make stays to the end; to search it for garbage takes a fifth of their time.
    gc.disable()
    with beside_no_other() if is_job() else nullcontext():
        runpy.run_path(str(files[name]), run_name="__main__")


if __name__ == "__main__":
    main()
