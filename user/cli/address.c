/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/address.h"

#include <arpa/inet.h>
#include <string.h>

#include "policy/prefix.h"

/* An IPv4 address as some tools print it. */
static const char *behind_mapped(const char *text)
{
	struct in_addr ignored;

	return strncasecmp(text, "::ffff:", 7) == 0 && inet_pton(AF_INET, text + 7, &ignored) == 1 ?
		       text + 7 :
		       NULL;
}

int read_address(const char *where, const char *text, struct endpoint *to, struct error *e)
{
	char addr[64] = "";
	const char *why = "write an address, as in 192.0.2.1:5060 or [2001:db8::1]:5060";
	const char *colon = strrchr(text, ':'), *end = text + strlen(text), *from = text;
	unsigned int port = to->port;
	struct prefix prefix;
	int used = 0;

	if (*text == '[' || (colon && strchr(text, ':') == colon)) {
		end = colon && (*text != '[' || colon[-1] == ']') ? colon : end;
		if (*end && (strspn(end + 1, "0123456789") == 0 ||
			     sscanf(end, ":%5u%n", &port, &used) != 1 || end[used] || !port ||
			     port > 65535))
			return fail(e, EXIT_USAGE, "%s %s: the port must be within 1..65535", where,
				    text);
	}
	if (*text == '[' && end > text + 1 && end[-1] == ']') {
		from++;
		end--;
	}
	if ((size_t)(end - from) >= sizeof(addr))
		return fail(e, EXIT_USAGE, "%s %.80s...: %s", where, text, why);
	snprintf(addr, sizeof(addr), "%.*s", (int)(end - from), from);
	if (behind_mapped(addr))
		return fail(e, EXIT_USAGE, "%s %s: write %s", where, text, behind_mapped(addr));
	if (prefix_parse(addr, &prefix, &why) < 0 || prefix.length != (prefix.ipv6 ? 128 : 32))
		return fail(e, EXIT_USAGE, "%s %s: %s", where, text,
			    why ? why : "no single address");
	to->addr = prefix.addr;
	to->port = port;
	return 0;
}
