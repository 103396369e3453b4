# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel says: programs, the maps that they use, and what is in those. Through libbpf
itself, since a bpftool for each question would take longer than everything else."""
import ctypes
import json
import os
import struct
import subprocess

LIB = ctypes.CDLL("libbpf.so.1", use_errno=True)
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000

# struct bpf_map_info, bpf_prog_info and bpf_link_info, as far as they are read
MAP_INFO, PROG_INFO, LINK_INFO = 88, 232, 64


def enter_network(path):
    fd = os.open(path, os.O_RDONLY)
    if LIBC.setns(fd, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), path)
    os.close(fd)


def info_of(fd, size, fill=None):
    data = ctypes.create_string_buffer(size)
    if fill:
        fill(data)
    room = ctypes.c_uint32(size)
    if LIB.bpf_obj_get_info_by_fd(fd, data, ctypes.byref(room)):
        raise OSError(ctypes.get_errno(), "an object cannot be asked")
    return data.raw


class Map:
    """An open map; closed with its object."""

    def __init__(self, fd):
        if fd < 0:
            raise OSError(ctypes.get_errno(), "a map cannot be opened")
        self.fd = fd
        info = info_of(fd, MAP_INFO)
        (self.type, self.id, self.key_size, self.value_size, self.max_entries,
         _flags) = struct.unpack_from("=6I", info)
        self.name = info[24:40].split(b"\0")[0].decode()

    @classmethod
    def pinned(cls, path):
        return cls(LIB.bpf_obj_get(path.encode()))

    def __del__(self):
        if getattr(self, "fd", -1) >= 0:
            os.close(self.fd)

    def keys(self):
        key, following = None, ctypes.create_string_buffer(self.key_size)
        while LIB.bpf_map_get_next_key(self.fd, key, following) == 0:
            key = ctypes.create_string_buffer(following.raw, self.key_size)
            yield key.raw

    def get(self, key, copies=1):
        value = ctypes.create_string_buffer(copies * ((self.value_size + 7) & ~7))
        return value.raw if LIB.bpf_map_lookup_elem(self.fd, key, value) == 0 else None

    def set(self, key, value):
        if LIB.bpf_map_update_elem(self.fd, key, value, ctypes.c_uint64(0)):
            raise OSError(ctypes.get_errno(), f"map {self.name} cannot be written")

    def dump(self):
        return {key: self.get(key) for key in self.keys()}


def program_maps(program):
    """The ids of the maps that a program uses, by the names that the kernel keeps of them."""
    fd = LIB.bpf_prog_get_fd_by_id(program)
    if fd < 0:
        raise OSError(ctypes.get_errno(), f"program {program} cannot be opened")
    try:
        ids = (ctypes.c_uint32 * 64)()

        def fill(data):
            # nr_map_ids stands at 52, and map_ids behind it
            struct.pack_into("=I", data, 52, 64)
            struct.pack_into("=Q", data, 56, ctypes.addressof(ids))
        info = info_of(fd, PROG_INFO, fill)
        count = struct.unpack_from("=I", info, 52)[0]
    finally:
        os.close(fd)
    maps = {}
    for number in ids[:count]:
        found = Map(LIB.bpf_map_get_fd_by_id(number))
        maps[found.name] = found.id
    return maps


def link_program(path):
    """The program behind a pinned link, or 0."""
    fd = LIB.bpf_obj_get(path.encode())
    if fd < 0:
        return 0
    try:
        return struct.unpack_from("=3I", info_of(fd, LINK_INFO))[2]
    finally:
        os.close(fd)


def observer_program(iface):
    """The program of the filter at TC egress, or 0."""
    said = subprocess.run(["tc", "-j", "filter", "show", "dev", iface, "egress"],
                          capture_output=True, text=True, check=True).stdout
    for one in json.loads(said or "[]"):
        prog = one.get("options", {}).get("prog")
        if prog:
            return prog["id"]
    return 0
