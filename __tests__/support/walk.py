"""Lists a mounted tree as `xenserver-ddk list --json --sha256` should, one JSON object a line, by the kernel's own word. The oracle of the filesystem tests."""
import hashlib, json, os, stat, sys

KINDS = {stat.S_IFREG: 'file', stat.S_IFDIR: 'dir', stat.S_IFLNK: 'symlink', stat.S_IFCHR: 'char',
         stat.S_IFBLK: 'block', stat.S_IFIFO: 'fifo', stat.S_IFSOCK: 'socket'}


def sha256(path):
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    return digest.hexdigest()


def describe(top, path):
    info = os.lstat(path)
    kind = KINDS[stat.S_IFMT(info.st_mode)]
    seconds, nanoseconds = divmod(info.st_mtime_ns, 10**9)
    entry = {'path': os.path.relpath(path, top).decode('utf-8', 'surrogateescape'), 'type': kind, 'mode': '%04o' % stat.S_IMODE(info.st_mode),
             'uid': info.st_uid, 'gid': info.st_gid, 'nlink': info.st_nlink, 'ino': info.st_ino, 'mtime': '%d.%09d' % (seconds, nanoseconds)}
    if kind == 'file':
        entry['size'] = info.st_size
        entry['sha256'] = sha256(path)
    if kind == 'symlink':
        entry['target'] = os.readlink(path).decode('utf-8', 'surrogateescape')
    if kind in ('char', 'block'):
        entry['rdev'] = '%d:%d' % (os.major(info.st_rdev), os.minor(info.st_rdev))
    names = os.listxattr(path, follow_symlinks=False)
    if names:
        entry['xattrs'] = {os.fsdecode(name): os.getxattr(path, name, follow_symlinks=False).hex() for name in names}
    return entry


def walk(top):
    pending = [top]
    while pending:
        directory = pending.pop()
        for name in os.listdir(directory):
            path = os.path.join(directory, name)
            yield describe(top, path)
            if os.path.isdir(path) and not os.path.islink(path):
                pending.append(path)


for entry in walk(os.fsencode(sys.argv[1])):
    print(json.dumps(entry))
