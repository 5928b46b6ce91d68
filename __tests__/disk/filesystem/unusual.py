"""What is legal but unusual in every filesystem of Linux, for the scripts that fill a mounted one. All paths are relative to the working directory."""
import contextlib, os, stat, subprocess


@contextlib.contextmanager
def new_folder(name):
    """Makes a folder, and works in it."""
    os.mkdir(name)
    os.chdir(name)
    yield
    os.chdir('..')


def put(name, data=b''):
    with open(name, 'wb') as file:
        file.write(data)


def pattern(size, seed):
    return (b'%d ' % seed * (size // 2 + 1))[:size]


def contents(block, sizes, written_at, pieces):
    """`written_at`: positions in a sparse file. `pieces`: of a file that has a hole after each of its blocks."""
    for size in sizes:
        put('%d' % size, pattern(size, size))
    with open('sparse', 'wb') as file:
        for at in written_at:
            file.seek(at)
            file.write(b'at %d' % at)
    with open('hole', 'wb') as file:
        file.truncate(9_000_001)
    with open('pieces', 'wb') as file:
        for index in range(pieces):
            file.seek(2 * index * block)
            file.write(pattern(block, index))
    woven(block)


def woven(block):
    """Two files that take turns in taking blocks."""
    one, two = (os.open(name, os.O_CREAT | os.O_WRONLY | os.O_SYNC) for name in ('woven1', 'woven2'))
    for index in range(8):
        os.write(one, pattern(block, index))
        os.write(two, pattern(block, -index))
    os.close(one)
    os.close(two)


def names():
    for name in (b'caf\xe9', b'\xff\xfe', 'ümläut'.encode(), b'n' * 255, b'new\nline', b' ', b'...', b'-rf', b'.wh.x', b'a\\b', b'\x01\x7f'):
        put(name)
    os.mkdir(b'd' * 255)
    os.link('...', 'linked')
    os.mkdir('below')
    os.link('...', 'below/linked')


def emptied_and_deep():
    os.mkdir('emptied')
    for index in range(300):
        os.mknod('emptied/%0200d' % index)
    for index in range(300):
        os.unlink('emptied/%0200d' % index)
    os.makedirs('/'.join(['deep'] * 30))


def partly_removed(directory, count):
    """Every seventh entry of a new directory is removed again."""
    os.mkdir(directory)
    for index in range(count):
        os.mknod('%s/%d%s' % (directory, index, 'x' * (index % 40)), 0o600 | stat.S_IFREG)
    for index in range(0, count, 7):
        os.unlink('%s/%d%s' % (directory, index, 'x' * (index % 40)))


def symlinks(lengths, labelled):
    """`labelled`: lengths of those that have an attribute."""
    for length in lengths:
        os.symlink(('target/' * 600)[:length], 'link%d' % length)
    for length in labelled:
        os.symlink(('other/' * 600)[:length], 'labelled%d' % length)
        os.setxattr('labelled%d' % length, 'trusted.label', b'x' * 200, follow_symlinks=False)
    os.symlink(b'caf\xe9', 'link-bytes')


def kinds(largest_device):
    for major, minor in ((1, 3), (4, 64), (4, 300), (255, 255), (256, 0), (259, 70000), largest_device):
        os.mknod('char%d-%d' % (major, minor), 0o640 | stat.S_IFCHR, os.makedev(major, minor))
        os.mknod('block%d-%d' % (major, minor), 0o640 | stat.S_IFBLK, os.makedev(major, minor))
    os.mknod('fifo', 0o600 | stat.S_IFIFO)
    os.mknod('socket', 0o777 | stat.S_IFSOCK)
    for mode in (0, 0o644, 0o1777, 0o2755, 0o4755, 0o6711):
        put('mode%o' % mode)
        os.chmod('mode%o' % mode, mode)
    for index, owner in enumerate((1, 65535, 65536, 100000, 4294967294)):
        put('owner%d' % index)
        os.chown('owner%d' % index, owner, 4294967294 - owner)


def times():
    for index, moment in enumerate((
        -315619200 * 10**9, -1000 * 10**9 + 5, -1, 0, 999_999_999, 2_147_483_647 * 10**9, 2_208_988_800 * 10**9 + 123,
        4_294_967_295 * 10**9 + 999_999_999, 4_294_967_296 * 10**9 + 123_456_789, 13_569_465_600 * 10**9 + 1,
    )):
        put('%d' % index)
        os.utime('%d' % index, ns=(0, moment))


def attributes(block):
    for name in ('few', 'both', 'full', 'acl', 'capability'):
        put(name)
    os.setxattr('few', 'user.a', b'1')
    os.setxattr('few', 'user.empty', b'')
    os.setxattr('both', 'trusted.small', b'small')
    os.setxattr('both', 'user.large', b'\0\xff' * 150)
    os.setxattr('both', 'user.small', b'after')
    os.setxattr('both', 'user.caf\udce9', b'byte name')
    os.setxattr('both', 'security.selinux', b'system_u:object_r:bin_t:s0\0')
    for index in range(5):
        os.setxattr('full', 'user.%d' % index, bytes([index]) * (min(block, 4096) // 6 - 32))
    os.setxattr('capability', 'security.capability', bytes.fromhex('0100000200040000000000000000000000000000'))
    os.mkdir('dir')
    subprocess.run(['setfacl', '-m', 'u:100000:rwx,g:4294967294:r-x,u:7:---,m::r-x', 'acl'], check=True)
    subprocess.run(['setfacl', '-m', 'u:1:rx', '-m', 'd:u:2:rwx,d:g:3:---', 'dir'], check=True)
    os.setxattr('dir', 'user.on-directory', b'yes')


def large_attributes(sizes):
    for size in sizes:
        put('large%d' % size)
        os.setxattr('large%d' % size, 'user.large', pattern(size, size))
        os.setxattr('large%d' % size, 'user.small', b'small')
