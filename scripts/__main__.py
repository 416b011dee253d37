"""Every command of this project, by stage.

python scripts                  the list
python scripts train --help     what one does; works from any folder
"""

import ast
import runpy
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LIBRARIES = ("dsi", "plan")


def commands() -> dict[str, Path]:
    """The file of every command by its name, stage by stage."""
    found = sorted(path for path in HERE.glob("*/*.py") if path.parent.name not in LIBRARIES)
    return {path.stem: path for path in found}


def listing() -> str:
    """The commands under their stages, each with the first line of its docstring."""
    lines, stage = ["usage: python scripts COMMAND …; python scripts COMMAND --help explains one"], ""
    for name, path in commands().items():
        if path.parent.name != stage:
            stage = path.parent.name
            lines += ["", stage]
        summary = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").partition("\n")[0]
        lines.append(f"  {name:<26} {summary}")
    return "\n".join(lines)


def main() -> None:
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print(listing())
        return
    name = sys.argv.pop(1)
    if name not in commands():
        sys.exit(f"error: no command {name!r}; expected one of {', '.join(commands())}")
    runpy.run_path(str(commands()[name]), run_name="__main__")


if __name__ == "__main__":
    main()
