"""Fills a mounted XFS filesystem with what is legal but unusual: `fill.py DIRECTORY BLOCK_SIZE`."""
import fcntl, os, stat, struct, subprocess, sys

top, block = sys.argv[1], int(sys.argv[2])
os.chdir(top)
os.umask(0o022)
FICLONE = 0x40049409


def put(name, data):
    with open(name, 'wb') as file:
        file.write(data)


def pattern(size, seed):
    return (b'%d ' % seed * (size // 2 + 1))[:size]


def contents():
    os.mkdir('contents')
    for size in (0, 1, 100, 511, 512, 513, block - 1, block, block + 1, 12 * block, 13 * block + 5, 3_000_000):
        put('contents/%d' % size, pattern(size, size))
    with open('contents/sparse', 'wb') as file:
        for at in (0, 5 * block, 12 * block, 5_000_000, 68_000_000):
            file.seek(at)
            file.write(b'at %d' % at)
    with open('contents/hole', 'wb') as file:
        file.truncate(9_000_001)
    # Enough extents for a tree, and with small blocks for a tree of two levels and more.
    with open('contents/pieces', 'wb') as file:
        for index in range(3000 if block <= 1024 else 500):
            file.seek(2 * index * block)
            file.write(pattern(block, index))
    one, two = (os.open('contents/' + name, os.O_CREAT | os.O_WRONLY | os.O_SYNC) for name in ('woven1', 'woven2'))
    for index in range(8):
        os.write(one, pattern(block, index))
        os.write(two, pattern(block, -index))
    os.close(one)
    os.close(two)
    file = os.open('contents/unwritten', os.O_CREAT | os.O_RDWR)
    os.posix_fallocate(file, 0, 1 << 20)
    os.pwrite(file, b'written', 500_000)
    os.close(file)
    put('contents/beyond', b'short')
    subprocess.run(['fallocate', '--keep-size', '-l', '500000', 'contents/beyond'], check=True)
    reflinks()


def reflinks():
    """Shares blocks, where the filesystem can."""
    with open('contents/3000000', 'rb') as source, open('contents/reflinked', 'wb') as target:
        try:
            fcntl.ioctl(target, FICLONE, source.fileno())
        except OSError:
            return
    with open('contents/reflinked', 'r+b') as file:
        file.seek(1_000_000)
        file.write(b'changed')


def names():
    os.mkdir('names')
    os.chdir('names')
    for name in (b'caf\xe9', b'\xff\xfe', 'ümläut'.encode(), b'n' * 255, b'new\nline', b' ', b'...', b'-rf', b'.wh.x', b'a\\b', b'\x01\x7f'):
        put(name, b'')
    os.mkdir(b'd' * 255)
    os.link('...', 'linked')
    os.mkdir('below')
    os.link('...', 'below/linked')
    for index in range(300):
        os.link('...', 'below/link%d' % index)
    os.chdir('..')


def directories():
    """Of every form: in the inode, one block, with hashes in a leaf, with hashes in a tree."""
    for count in (0, 1, 2, 3, 5, 8, 20, 60, 300, 5000):
        os.mkdir('dir%d' % count)
        for index in range(count):
            os.mknod('dir%d/%d%s' % (count, index, 'x' * (index % 40)), 0o600 | stat.S_IFREG)
        for index in range(0, count, 7):
            os.unlink('dir%d/%d%s' % (count, index, 'x' * (index % 40)))
    # Blocks in the middle become holes.
    os.mkdir('holes')
    for index in range(2000):
        os.mknod('holes/%0200d' % index)
    for index in range(300, 1700):
        os.unlink('holes/%0200d' % index)
    os.mkdir('emptied')
    for index in range(300):
        os.mknod('emptied/%0200d' % index)
    for index in range(300):
        os.unlink('emptied/%0200d' % index)
    os.makedirs('/'.join(['deep'] * 30))


def kinds():
    os.mkdir('kinds')
    os.chdir('kinds')
    for length in (1, 59, 150, 155, 156, 157, 300, 335, 336, 337, 900, 1000, 1023):
        os.symlink(('target/' * 600)[:length], 'link%d' % length)
        os.symlink(('other/' * 600)[:length], 'labelled%d' % length)
        os.setxattr('labelled%d' % length, 'trusted.label', b'x' * 200, follow_symlinks=False)
    os.symlink(b'caf\xe9', 'link-bytes')
    for major, minor in ((1, 3), (4, 64), (4, 300), (255, 255), (256, 0), (259, 70000), (511, 262143)):
        os.mknod('char%d-%d' % (major, minor), 0o640 | stat.S_IFCHR, os.makedev(major, minor))
        os.mknod('block%d-%d' % (major, minor), 0o640 | stat.S_IFBLK, os.makedev(major, minor))
    os.setxattr('char1-3', 'trusted.label', b'x' * 400)
    os.mknod('fifo', 0o600 | stat.S_IFIFO)
    os.mknod('socket', 0o777 | stat.S_IFSOCK)
    for mode in (0, 0o644, 0o1777, 0o2755, 0o4755, 0o6711):
        put('mode%o' % mode, b'')
        os.chmod('mode%o' % mode, mode)
    for index, owner in enumerate((1, 65535, 65536, 100000, 4294967294)):
        put('owner%d' % index, b'')
        os.chown('owner%d' % index, owner, 4294967294 - owner)
    os.chdir('..')


def times():
    os.mkdir('times')
    for index, moment in enumerate((
        -315619200 * 10**9, -1000 * 10**9 + 5, -1, 0, 999_999_999, 2_147_483_647 * 10**9, 2_208_988_800 * 10**9 + 123,
        4_294_967_296 * 10**9 + 123_456_789, 13_569_465_600 * 10**9 + 1,
    )):
        put('times/%d' % index, b'')
        os.utime('times/%d' % index, ns=(0, moment))


def attributes():
    """Of every form: in the inode, in a leaf, in leaves below a tree, with values that have blocks of their own."""
    os.mkdir('attributes')
    os.chdir('attributes')
    for name in ('few', 'both', 'full', 'many', 'removed', 'acl', 'capability'):
        put(name, b'')
    os.setxattr('few', 'user.a', b'1')
    os.setxattr('few', 'user.empty', b'')
    os.setxattr('both', 'trusted.small', b'small')
    os.setxattr('both', 'user.large', b'\0\xff' * 150)
    os.setxattr('both', 'user.caf\udce9', b'byte name')
    os.setxattr('both', 'security.selinux', b'system_u:object_r:bin_t:s0\0')
    for index in range(5):
        os.setxattr('full', 'user.%d' % index, bytes([index]) * (min(block, 4096) // 6 - 32))
    for index in range(700):
        os.setxattr('many', 'user.%d%s' % (index, 'n' * (index % 50)), pattern(index % 100, index))
    for index in range(0, 700, 3):
        os.removexattr('many', 'user.%d%s' % (index, 'n' * (index % 50)))
    for index in range(100):
        os.setxattr('removed', 'user.%d' % index, b'value' * 10)
    for index in range(100):
        os.removexattr('removed', 'user.%d' % index)
    os.setxattr('capability', 'security.capability', bytes.fromhex('0100000200040000000000000000000000000000'))
    os.mkdir('dir')
    subprocess.run(['setfacl', '-m', 'u:100000:rwx,g:4294967294:r-x,u:7:---,m::r-x', 'acl'], check=True)
    subprocess.run(['setfacl', '-m', 'u:1:rx', '-m', 'd:u:2:rwx,d:g:3:---', 'dir'], check=True)
    os.setxattr('dir', 'user.on-directory', b'yes')
    for size in (255, 256, 900, 3000, 5000, 20_000, 65_000, 65_536):
        put('large%d' % size, b'')
        os.setxattr('large%d' % size, 'user.large', pattern(size, size))
        os.setxattr('large%d' % size, 'user.small', b'small')
    os.chdir('..')


contents()
names()
directories()
kinds()
times()
attributes()
