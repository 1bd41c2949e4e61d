"""Answers what libinjection, as the PyPI package `libmodsecurity` carries it, says of values.

Reads batches from standard input until it ends: the number of values, then each with its length in
bytes before it; numbers are 32 bits, little-endian. Writes for each value ten bytes: 1 where it is
cross-site scripting, else 0 (255 for an error); the length of the fingerprint, 0 where it is no SQL
injection (255 for an error); eight bytes of fingerprint, filled up with NULs.
"""

import ctypes
import pathlib
import struct
import sys

import libmodsecurity


def library():
    """The library that the package's extension module is linked with."""
    folder = pathlib.Path(libmodsecurity.__file__).parent.parent / "libmodsecurity.libs"
    (path,) = folder.glob("libmodsecurity-*.so*")
    return ctypes.CDLL(str(path))


def main():
    detectors = library()
    sqli, xss = detectors.libinjection_sqli, detectors.libinjection_xss
    sqli.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p]
    xss.argtypes = [ctypes.c_char_p, ctypes.c_size_t]
    fingerprint = ctypes.create_string_buffer(16)
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    while header := source.read(4):
        values = []
        for _ in range(struct.unpack("<I", header)[0]):
            (length,) = struct.unpack("<I", source.read(4))
            values.append(source.read(length))
        answers = []
        for value in values:
            is_sqli = sqli(value, len(value), fingerprint)
            letters = fingerprint.value if is_sqli == 1 else b""
            length = len(letters) if is_sqli in (0, 1) else 255
            is_xss = xss(value, len(value))
            flag = is_xss if is_xss in (0, 1) else 255
            answers.append(bytes((flag, length)) + letters.ljust(8, b"\0"))
        sink.write(b"".join(answers))
        sink.flush()


main()
