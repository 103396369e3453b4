/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Packets from a file: a capture (pcap, pcapng), or one bare SIP message with a frame made
 * around it. The result is an Ethernet frame, whatever link layer the capture has.
 */
#ifndef SIPWARD_CLI_CAPTURE_H
#define SIPWARD_CLI_CAPTURE_H

#include "kernel/frame.h"

struct captured {
	const uint8_t *octets; /* an Ethernet frame, valid until the next call */
	uint32_t size;
	uint64_t time; /* nanoseconds of the capture's clock; 0 for a bare message */
	uint32_t cut;  /* octets that the capture left out: the packet cannot be judged */
};

struct capture;

/* True when the file begins as a capture does, or its name says that it is one. */
bool capture_is_one(const char *path, const uint8_t *octets, size_t size);

/* Opens a capture; NULL and *e ("FILE: ...") when it is damaged or of a link type that is
 * not known. Closed by capture_close. */
struct capture *capture_open(const char *path, struct error *e);
void capture_close(struct capture **capture);
#define auto_capture cleanup(capture_close)

/* The next packet: 1, 0 at the end, -1 and *e when the file is damaged. */
int capture_next(struct capture *capture, struct captured *packet, struct error *e);

#endif
