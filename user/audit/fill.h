/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The templates in a vector's text:
 *   {n}          number of the packet, another one with each
 *   {v}          number of the vector: the same in all its packets
 *   {r}          8 hexadecimal digits, other ones with each packet
 *   {from}       address and port of the other end      {fromhost}  without the port
 *   {server}     the server's address                   {port}      its port
 *   {length}     octets behind the empty line
 *   {headers M}  Via to Content-Length of a request with the method M
 *   {x*300}      300 times x
 *   \xNN, \\     an octet, a backslash
 */
#ifndef SIPWARD_AUDIT_FILL_H
#define SIPWARD_AUDIT_FILL_H

#include "kernel/frame.h"

struct filling {
	struct endpoint from;
	struct endpoint to;
	uint32_t packet;
	uint32_t vector;
};

/* A number for the packet with this number, the same in every run: an audit can be repeated. */
uint32_t fill_random(uint32_t packet);

/* Fills `text` into `out`; its octets, or -1 and *e when a template is not known or there is no
 * room. */
int fill_text(const char *text, size_t size, const struct filling *with, char *out, size_t room,
	      struct error *e);

#endif
