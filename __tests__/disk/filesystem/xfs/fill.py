"""Fills a mounted XFS filesystem with what is legal but unusual: `fill.py DIRECTORY BLOCK_SIZE`."""
import fcntl, os, subprocess, sys

top, block = sys.argv[1], int(sys.argv[2])
# Nothing is left in the checkout.
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
from unusual import *

os.chdir(top)
os.umask(0o022)


FICLONE = 0x40049409


def unwritten():
    file = os.open('unwritten', os.O_CREAT | os.O_RDWR)
    os.posix_fallocate(file, 0, 1 << 20)
    os.pwrite(file, b'written', 500_000)
    os.close(file)
    put('beyond', b'short')
    subprocess.run(['fallocate', '--keep-size', '-l', '500000', 'beyond'], check=True)


def reflinks():
    """Shares blocks, where the filesystem can."""
    with open('3000000', 'rb') as source, open('reflinked', 'wb') as target:
        try:
            fcntl.ioctl(target, FICLONE, source.fileno())
        except OSError:
            return
    with open('reflinked', 'r+b') as file:
        file.seek(1_000_000)
        file.write(b'changed')


def holes():
    """A directory whose blocks in the middle become holes."""
    os.mkdir('holes')
    for index in range(2000):
        os.mknod('holes/%0200d' % index)
    for index in range(300, 1700):
        os.unlink('holes/%0200d' % index)


def many_attributes():
    """In leaves below a tree, and in leaves that are empty again."""
    put('many')
    put('removed')
    for index in range(700):
        os.setxattr('many', 'user.%d%s' % (index, 'n' * (index % 50)), pattern(index % 100, index))
    for index in range(0, 700, 3):
        os.removexattr('many', 'user.%d%s' % (index, 'n' * (index % 50)))
    for index in range(100):
        os.setxattr('removed', 'user.%d' % index, b'value' * 10)
    for index in range(100):
        os.removexattr('removed', 'user.%d' % index)


with new_folder('contents'):
    contents(
        block,
        sizes=(0, 1, 100, 511, 512, 513, block - 1, block, block + 1, 12 * block, 13 * block + 5, 3_000_000),
        written_at=(0, 5 * block, 12 * block, 5_000_000, 68_000_000),
        # Enough extents for a tree, and with small blocks for a tree of two levels and more.
        pieces=3000 if block <= 1024 else 500,
    )
    unwritten()
    reflinks()
with new_folder('names'):
    names()
    for index in range(300):
        os.link('...', 'below/link%d' % index)
# Of every form: in the inode, one block, with hashes in a leaf, with hashes in a tree.
for count in (0, 1, 2, 3, 5, 8, 20, 60, 300, 5000):
    partly_removed('dir%d' % count, count)
holes()
emptied_and_deep()
with new_folder('kinds'):
    lengths = (1, 59, 150, 155, 156, 157, 300, 335, 336, 337, 900, 1000, 1023)
    symlinks(lengths, labelled=lengths)
    kinds(largest_device=(511, 262143))
    os.setxattr('char1-3', 'trusted.label', b'x' * 400)
with new_folder('times'):
    times()
with new_folder('attributes'):
    attributes(block)
    many_attributes()
    large_attributes((255, 256, 900, 3000, 5000, 20_000, 65_000, 65_536))
