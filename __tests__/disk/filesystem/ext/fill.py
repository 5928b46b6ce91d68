"""Fills a mounted ext filesystem with what is legal but unusual: `fill.py DIRECTORY BLOCK_SIZE [large-attributes]`."""
import errno, os, stat, subprocess, sys

top, block = sys.argv[1], int(sys.argv[2])
os.chdir(top)
os.umask(0o022)


def put(name, data):
    with open(name, 'wb') as file:
        file.write(data)


def pattern(size, seed):
    return (b'%d ' % seed * (size // 2 + 1))[:size]


def contents():
    os.mkdir('contents')
    for size in (0, 1, 59, 60, 61, 100, 130, 150, 155, 156, 157, 160, 161, 300, block - 1, block, block + 1, 12 * block, 13 * block + 5):
        put('contents/%d' % size, pattern(size, size))
    put('contents/large', pattern(3_000_000, 3))
    with open('contents/sparse', 'wb') as file:
        # The last is reached by three levels of indirect blocks, where that isn't too far.
        for at in (0, 5 * block, 12 * block, (12 + block // 4) * block + 7, 5_000_000, 68_000_000 if block == 1024 else 8_000_000):
            file.seek(at)
            file.write(b'at %d' % at)
    with open('contents/hole', 'wb') as file:
        file.truncate(9_000_001)
    with open('contents/pieces', 'wb') as file:
        for index in range(min(800, 4_000_000 // block)):
            file.seek(2 * index * block)
            file.write(pattern(block, index))
    one, two = (os.open('contents/' + name, os.O_CREAT | os.O_WRONLY | os.O_SYNC) for name in ('woven1', 'woven2'))
    for index in range(8):
        os.write(one, pattern(block, index))
        os.write(two, pattern(block, -index))
    os.close(one)
    os.close(two)
    unwritten()


def unwritten():
    """Not every configuration has extents, and only extents can be unwritten."""
    file = os.open('contents/unwritten', os.O_CREAT | os.O_RDWR)
    try:
        os.posix_fallocate(file, 0, 1 << 20)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
            raise
    os.pwrite(file, b'written', 500_000)
    os.close(file)
    put('contents/beyond', b'short')
    subprocess.run(['fallocate', '--keep-size', '-l', '500000', 'contents/beyond'], stderr=subprocess.DEVNULL)


def names():
    os.mkdir('names')
    os.chdir('names')
    for name in (b'caf\xe9', b'\xff\xfe', 'ümläut'.encode(), b'n' * 255, b'new\nline', b' ', b'...', b'-rf', b'.wh.x', b'a\\b', b'\x01\x7f'):
        put(name, b'')
    os.mkdir(b'd' * 255)
    os.link('...', 'linked')
    os.mkdir('below')
    os.link('...', 'below/linked')
    os.chdir('..')


def directories():
    os.mkdir('many')
    count = 5000 if block == 4096 else 2000
    for index in range(count):
        os.mknod('many/%d%s' % (index, 'x' * (index % 40)), 0o600 | stat.S_IFREG)
    for index in range(0, count, 7):
        os.unlink('many/%d%s' % (index, 'x' * (index % 40)))
    for count in (1, 2, 3, 5, 8, 20):
        os.mkdir('few%d' % count)
        for index in range(count):
            put('few%d/%s' % (count, 'entry%d' % index), b'')
    os.mkdir('emptied')
    for index in range(300):
        os.mknod('emptied/%0200d' % index)
    for index in range(300):
        os.unlink('emptied/%0200d' % index)
    os.makedirs('/'.join(['deep'] * 30))


def kinds():
    os.mkdir('kinds')
    os.chdir('kinds')
    for length in (1, 59, 60, 61, 150, 200, min(block, 4096) - 1):
        os.symlink(('target/' * 600)[:length], 'link%d' % length)
        if length < 100:
            os.symlink(('other/' * 600)[:length], 'labelled%d' % length)
            os.setxattr('labelled%d' % length, 'trusted.label', b'x' * 200, follow_symlinks=False)
    os.symlink(b'caf\xe9', 'link-bytes')
    for major, minor in ((1, 3), (4, 64), (4, 300), (255, 255), (256, 0), (259, 70000), (4095, 1048575)):
        os.mknod('char%d-%d' % (major, minor), 0o640 | stat.S_IFCHR, os.makedev(major, minor))
        os.mknod('block%d-%d' % (major, minor), 0o640 | stat.S_IFBLK, os.makedev(major, minor))
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
        4_294_967_295 * 10**9 + 999_999_999, 4_294_967_296 * 10**9 + 123_456_789, 13_569_465_600 * 10**9 + 1,
    )):
        put('times/%d' % index, b'')
        os.utime('times/%d' % index, ns=(0, moment))


def attributes(large):
    os.mkdir('attributes')
    os.chdir('attributes')
    for name in ('few', 'both', 'full', 'acl', 'capability'):
        put(name, b'')
    os.setxattr('few', 'user.a', b'1')
    os.setxattr('few', 'user.empty', b'')
    os.setxattr('both', 'trusted.small', b'small')
    os.setxattr('both', 'user.large', b'\0\xff' * 150)
    os.setxattr('both', 'user.small', b'after')
    os.setxattr('both', 'user.caf\udce9', b'byte name')
    os.setxattr('both', 'security.selinux', b'system_u:object_r:bin_t:s0\0')
    for index in range(5):
        os.setxattr('full', 'user.%d' % index, bytes([index]) * (min(block, 4096) // 6 - 32))
    for index in range(4):
        put('shared%d' % index, b'')
        os.setxattr('shared%d' % index, 'user.shared', b'the same' * 40)
    os.setxattr('capability', 'security.capability', bytes.fromhex('0100000200040000000000000000000000000000'))
    os.mkdir('dir')
    subprocess.run(['setfacl', '-m', 'u:100000:rwx,g:4294967294:r-x,u:7:---,m::r-x', 'acl'], check=True)
    subprocess.run(['setfacl', '-m', 'u:1:rx', '-m', 'd:u:2:rwx,d:g:3:---', 'dir'], check=True)
    os.setxattr('dir', 'user.on-directory', b'yes')
    if large:
        for size in (5000, 20_000, 65_000):
            put('large%d' % size, b'')
            os.setxattr('large%d' % size, 'user.large', pattern(size, size))
            os.setxattr('large%d' % size, 'user.small', b'small')
    os.chdir('..')


contents()
names()
directories()
kinds()
times()
attributes('large-attributes' in sys.argv)
