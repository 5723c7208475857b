"""What hosts of test jobs run that change their state and their model at random, and say what they left at the end."""

from __future__ import annotations

# SEED, JOB and ENDS_BY_SIGNAL are set before it; ``python`` of scripts.py sets ML
CHANGE = r"""
import hashlib, mmap, random, signal, sys, time
who = json.load(open(ML + "/input/config/resourceconfig.json"))["current_host"]
run = json.load(open(ML + "/input/config/init-config.json"))["jobRunInfo"]["jobRunNumber"]
chance = random.Random("%s %s %s %s" % (SEED, JOB, who, run))
NAMES = ["a", "b c", "d", "e", "step=10", ".hidden", "\u00e9t\u00e9", "x+y%20", "#", "last"]
TOPS = {name: os.path.join(ML, name, who) for name in ("checkpoints", "model")}


def entries(top):
    # every path below a folder, folders first, no link followed
    for folder, folders, files in os.walk(top):
        for name in sorted(folders) + sorted(files):
            yield os.path.join(folder, name)


def pick(top, kind):
    paths = [path for path in entries(top) if kind(path)]
    return chance.choice(paths) if paths else None


def is_file(path):
    return os.path.isfile(path) and not os.path.islink(path)


def new(top):
    folders = [top] + [path for path in entries(top) if os.path.isdir(path) and not os.path.islink(path)]
    return os.path.join(chance.choice(folders), chance.choice(NAMES))


def free(path):
    if os.path.islink(path) or is_file(path):
        os.unlink(path)
    elif os.path.isdir(path):
        remove_folder(path)


def remove_folder(path):
    for below in sorted(entries(path), reverse=True):
        os.rmdir(below) if os.path.isdir(below) and not os.path.islink(below) else os.unlink(below)
    os.rmdir(path)


def data():
    return bytes([chance.randrange(256)]) * chance.choice([0, 1, 3, 3, 3, 4096, 100000])


def write(top):
    path = new(top)
    free(path)
    with open(path, "wb") as file:
        file.write(data())


def rewrite(top):
    # in place, to the same size and with the same times
    path = pick(top, lambda path: is_file(path) and os.path.getsize(path))
    if path:
        before = os.stat(path)
        with open(path, "r+b") as file:
            if chance.random() < 0.5:
                file.write(bytes([chance.randrange(256)]) * before.st_size)
            else:
                with mmap.mmap(file.fileno(), before.st_size) as memory:
                    memory[0] = (memory[0] + 1) % 256
                    memory.flush()
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(top):
    # another file of the same size and times in its place
    path = pick(top, is_file)
    if path:
        before = os.stat(path)
        with open(path + ".new", "wb") as file:
            file.write(bytes([chance.randrange(256)]) * before.st_size)
        os.utime(path + ".new", ns=(before.st_atime_ns, before.st_mtime_ns))
        os.replace(path + ".new", path)


def append(top):
    path = pick(top, is_file)
    if path:
        with open(path, "ab") as file:
            file.write(data()[:5000])


def rename(top):
    source, target = pick(top, os.path.lexists), new(top)
    if source and not (target + "/").startswith(source + "/") and not (source + "/").startswith(target + "/"):
        free(target)
        os.rename(source, target)


def delete(top):
    path = pick(top, os.path.lexists)
    if path:
        free(path)


def make_folder(top):
    path = new(top)
    if not os.path.lexists(path):
        os.mkdir(path)


def link(top):
    path = new(top)
    free(path)
    target = pick(top, lambda one: True) or top
    if chance.random() < 0.7:
        target = os.path.relpath(target, os.path.dirname(path))
    os.symlink(chance.choice([target, target, target, "/etc/hostname", "nothing", ".."]), path)


def hard_link(top):
    source, path = pick(top, is_file), new(top)
    if source and source != path and not source.startswith(path + "/"):
        free(path)
        os.link(source, path)


def hide(top):
    path = pick(top, is_file)
    if path:
        os.chmod(path, chance.choice([0o000, 0o200, 0o644, 0o755]))


CHANGES = [write] * 5 + [rewrite, rewrite, replace, replace, append, rename, rename, delete, delete, make_folder, link]
CHANGES += [link, hard_link, hide]


def change(times):
    for _ in range(times):
        chance.choice(CHANGES)(chance.choice(sorted(TOPS.values())))
        if chance.random() < 0.1:
            time.sleep(chance.choice([0.01, 0.1, 0.3, 1.1]))  # mirrored now and then, at any moment


def digest(path):
    if not os.access(path, os.R_OK):
        os.chmod(path, 0o644)
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def kept(top, name="", path=None, is_linked=False):
    # what a copy that follows links inside has of a folder: the files, and the links that it cannot follow;
    # behind a link to a folder it follows no other
    files, lost = {}, []
    path = path or top
    real = os.path.realpath(path)
    for entry in sorted(os.listdir(path)):
        one, below = name + entry, os.path.join(path, entry)
        target = os.path.realpath(below)
        if os.path.islink(below) and (not os.path.exists(below) or not (target + "/").startswith(INSIDE + "/")):
            lost.append(one)
        elif os.path.isdir(below):
            if os.path.islink(below) and (is_linked or (real + "/").startswith(target + "/")):
                lost.append(one)
                continue
            more, also = kept(top, one + "/", below, is_linked or os.path.islink(below))
            files.update(more)
            lost += also if more or also or not os.path.islink(below) else [one]
        else:
            files[one] = digest(below)
    return files, lost


def packed(top):
    # what an archive has of a folder: files, and links as they are
    files, links = {}, {}
    for path in entries(top):
        if os.path.islink(path):
            links[os.path.relpath(path, top)] = os.readlink(path)
        elif os.path.isfile(path):
            files[os.path.relpath(path, top)] = digest(path)
    return files, links


def end(*_):
    global INSIDE
    if run == 1 or not ENDS_BY_SIGNAL:
        change(10)
    INSIDE = os.path.realpath(ML + "/checkpoints")
    files, lost = kept(TOPS["checkpoints"])
    left = {"began": began, "files": files, "lost": lost, "model": packed(TOPS["model"])}
    print("LEFT " + json.dumps(left), flush=True)
    os._exit(0)


for top in TOPS.values():
    os.makedirs(top, exist_ok=True)
INSIDE = os.path.realpath(ML + "/checkpoints")
began = kept(TOPS["checkpoints"])[0]
change(40)
if ENDS_BY_SIGNAL and run == 1:
    ready = []
    signal.signal(signal.SIGTERM, end)
    print("ready", flush=True)
    while True:
        time.sleep(0.05)
end()
"""
