"""The arrows of the layout, read off the imports: app -> router -> pages -> ui -> services -> the rest -> domain."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FOLDERS = ("dashboard", "pages", "docs", "tests", "training", "benchmarks")
FILES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for path in [ROOT / "app.py", *(p for folder in FOLDERS for p in sorted((ROOT / folder).rglob("*.py")))]
}
PACKAGE = {name: tree for name, tree in FILES.items() if name.startswith("dashboard/")}


def module(file: str) -> str:
    """dashboard/ui/text.py -> dashboard.ui.text; a package's __init__.py has the package's name."""
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


MODULES = {module(file) for file in PACKAGE}


def nodes(tree: ast.AST, *, top: bool) -> Iterator[ast.AST]:
    """All nodes, or (top) those that run when the module is imported."""
    for child in ast.iter_child_nodes(tree):
        late = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        typing = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
        if top and (late or typing):
            continue
        yield child
        yield from nodes(child, top=top)


def imports(file: str, *, top: bool = False) -> set[str]:
    """The modules that a file imports, by their full names; of `from a import b` both a and a.b."""
    found = set()
    for node in nodes(FILES[file], top=top):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module(file).split(".")
                keep = len(parents) - node.level + file.endswith("/__init__.py")
                base = ".".join([*parents[:keep], *filter(None, [node.module])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def importers(*libraries: str) -> set[str]:
    return {file for file in FILES if libraries_of(file) & set(libraries)}


def libraries_of(file: str) -> set[str]:
    return {name.split(".")[0] for name in imports(file)}


def outside(files: set[str], *rooms: str) -> list[str]:
    """The files that lie in none of the rooms (a folder ends with a slash)."""
    return sorted(f for f in files if not any(f == room or (room[-1] == "/" and f.startswith(room)) for room in rooms))


def test_the_tree_was_read() -> None:
    assert {"app.py", "dashboard/store.py", "dashboard/encoders/remote.py", "pages/search.py"} <= FILES.keys()
    assert "dashboard.domain" in imports("dashboard/store.py")
    assert "dashboard.ui.text" in imports("dashboard/router.py")


@pytest.mark.parametrize(
    ("libraries", "rooms"),
    [
        (("streamlit",), ("app.py", "dashboard/router.py", "dashboard/ui/", "pages/", "tests/")),
        (("chromadb",), ("dashboard/store.py", "tests/")),
        (("httpx", "requests"), ("dashboard/encoders/remote.py", "tests/", "benchmarks/")),
    ],
    ids=lambda value: value[0] if len(value) < 3 else None,
)
def test_a_library_stays_in_its_rooms(libraries: tuple[str, ...], rooms: tuple[str, ...]) -> None:
    assert outside(importers(*libraries), *rooms) == []


@pytest.mark.parametrize("file", FILES)
def test_no_bare_except(file: str) -> None:
    bare = [n.lineno for n in ast.walk(FILES[file]) if isinstance(n, ast.ExceptHandler) and n.type is None]
    assert bare == []


@pytest.mark.parametrize("file", ["dashboard/domain.py", "dashboard/settings.py"])
def test_domain_and_settings_import_only_each_other(file: str) -> None:
    ours = {name for name in imports(file) if name.split(".")[0] in ("dashboard", "pages", "app")}
    assert {name for name in ours if not name.startswith(("dashboard.domain", "dashboard.settings"))} == set()


def test_nothing_below_the_interface_imports_it() -> None:
    below = outside(set(PACKAGE), "dashboard/ui/", "dashboard/router.py")
    assert below
    guilty = [f for f in below if any(f"{name}.".startswith("dashboard.ui.") for name in imports(f))]
    assert not guilty, guilty


def test_nothing_in_the_package_imports_what_stands_over_it() -> None:
    above = {"app", "pages", "tests", "training", "benchmarks", "docs"}
    assert [file for file in PACKAGE if libraries_of(file) & above] == []


def test_no_import_cycle() -> None:
    """At module level. Importing a.b runs a's __init__ too, unless one is inside a already."""
    graph = {}
    for file in PACKAGE:
        name = module(file)
        targets = {t for t in imports(file, top=True) if t in MODULES}
        for target in list(targets):
            parts = target.split(".")
            packages = {".".join(parts[:i]) for i in range(1, len(parts))}
            targets |= {p for p in packages & MODULES if not f"{name}.".startswith(f"{p}.")}
        graph[name] = targets - {name}
    assert sum(map(len, graph.values())) > len(graph)
    # What imports nothing that is left goes, until nothing can: the rest is in or above a cycle.
    while free := [name for name, targets in graph.items() if not targets & graph.keys()]:
        for name in free:
            del graph[name]
    assert graph == {}
