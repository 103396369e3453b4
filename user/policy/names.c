/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/names.h"

#include <string.h>

const char *const reason_words[SW_REASON_COUNT + 1] = {
#define REASON(number, id, name, ...) [number] = name,
#define SANITY(number, id, name, ...) [number] = name,
#define RETIRED(number, name)         [number] = name,
#include <sipward/reasons.def>
#undef REASON
#undef SANITY
};

static const struct {
	const char *threat;
	const char *rfc;
	const char *text;
} reasons[SW_REASON_COUNT] = {
#define REASON(number, id, name, threat, rfc, text)          [number] = {threat, rfc, text},
#define SANITY(number, id, name, profile, threat, rfc, text) [number] = {threat, rfc, text},

#define RETIRED(number, name) [number] = {NULL, "retired", "an earlier version had this rule"},
#include <sipward/reasons.def>
#undef REASON
#undef SANITY
};

static const char *const message_words[SW_MESSAGE_COUNT + 1] = {
#define METHOD(id, token) token,
#define KIND(id, name)    name,
#include <sipward/methods.def>
#undef METHOD
#undef KIND
};

const char *const method_words[SW_METHOD_COUNT + 2] = {
#define METHOD(id, token) token,
#define KIND(id, name)
#include <sipward/methods.def>
#undef METHOD
#undef KIND
	"other",
};

static const char *const rate_words[SW_RATE_COUNT] = {
	[SW_RATE_ANY] = "any",
	[SW_RATE_INVITE] = "INVITE",
	[SW_RATE_REGISTER] = "REGISTER",
	[SW_RATE_OPTIONS] = "OPTIONS",
	[SW_RATE_SUBSCRIBE] = "SUBSCRIBE",
	[SW_RATE_MESSAGE] = "MESSAGE",
	[SW_RATE_DIALOG] = "dialog",
	[SW_RATE_RESPONSE] = "response",
	[SW_RATE_KEEPALIVE] = "keepalive",
	[SW_RATE_STUN] = "stun",
	[SW_RATE_MALFORMED] = "malformed",
	[SW_RATE_SYN] = "syn",
	[SW_RATE_TLS] = "tls",
};

/* clang-format off */
const char *const unproven_words[SW_UNPROVEN_COUNT + 1] = {
	[SW_UNPROVEN_KEEPALIVE] = "keepalive",
	[SW_UNPROVEN_STUN] = "stun",
	[SW_UNPROVEN_RESPONSE] = "response",
	[SW_UNPROVEN_ACK] = "ack",
	[SW_UNPROVEN_DIALOG] = "dialog",
	[SW_UNPROVEN_SYN] = "syn",
	[SW_UNPROVEN_SEGMENT] = "segment",
	[SW_UNPROVEN_FRAGMENT] = "fragment",
	[SW_UNPROVEN_BELONGING] = "belonging",
};
/* clang-format on */

const char *const mode_words[SW_MODE_COUNT + 1] = {
	[SW_MODE_ENFORCE] = "enforce",
	[SW_MODE_MONITOR] = "monitor",
};

const char *const transport_words[SW_TRANSPORT_COUNT + 1] = {
	[SW_UDP] = "udp",
	[SW_TCP] = "tcp",
	[SW_TLS] = "tls",
};

const char *const trust_words[] = {[SW_TRUST_NONE] = "none", [SW_TRUST_PEER] = "peer", NULL};

const char *const require_words[] = {
	[SW_REQUIRE_ANY] = "any",
	[SW_REQUIRE_TLS] = "tls",
	[SW_REQUIRE_IPSEC] = "ipsec",
	NULL,
};

const char *const action_words[] = {
	[SW_ACTION_PASS] = "off",
	[SW_ACTION_REPORT] = "report",
	[SW_ACTION_DENY] = "deny",
	NULL,
};

const char *const teardown_words[] = {
	[SW_TEARDOWN_PASS] = "off",
	[SW_TEARDOWN_REPORT] = "report",
	[SW_TEARDOWN_DENY] = "deny",
	[SW_TEARDOWN_STRICT] = "strict",
	NULL,
};

const char *const privacy_words[] = {
	"P-Asserted-Identity", "P-Charging-Vector", "addresses", "hosts", NULL,
};

const char *const tls_version_words[] = {"1.0", "1.1", "1.2", "1.3", NULL};

const char *const body_words[] = {"off", "sdp", NULL};

const char *const profile_words[] = {
	[SW_PROFILE_OFF] = "off",
	[SW_PROFILE_DEFAULT] = "default",
	[SW_PROFILE_STRICT] = "strict",
	NULL,
};

const char *const greylist_words[] = {
	[SW_GREYLIST_OFF] = "off",
	[SW_GREYLIST_AUTO] = "auto",
	[SW_GREYLIST_ALWAYS] = "always",
	NULL,
};

const char *const responses_words[] = {
	[SW_RESPONSES_ANY] = "any",
	[SW_RESPONSES_EXPECTED] = "expected",
	NULL,
};

const char *const to_tag_words[] = {
	[SW_TO_TAG_ANY] = "any",
	[SW_TO_TAG_PROVEN] = "proven",
	NULL,
};

const char *const tcp_words[] = {[SW_TCP_COUNT] = "count", [SW_TCP_CLOSE] = "close", NULL};

const char *const switch_words[] = {"off", "auto", NULL};

const char *const log_words[] =
	{[EVENT_LOG_OFF] = "off", [EVENT_LOG_JSON] = "json", [EVENT_LOG_SYSLOG] = "syslog", NULL};

const char *const hook_words[HOOK_COUNT + 1] = {
	[HOOK_BAN] = "ban",
	[HOOK_UNBAN] = "unban",
	[HOOK_ATTACK_BEGIN] = "attack_begin",
	[HOOK_ATTACK_END] = "attack_end",
};

const char *const fragments_words[] = {"pass", "drop", NULL};

const char *const header_words[SW_HEADER_COUNT + 1] = {
#define HEADER(id, name) name,
#include <sipward/headers.def>
#undef HEADER
};

const char *const status_words[] = {"1xx", "2xx", "3xx", "4xx", "5xx", "6xx", NULL};

int word_index(const char *word, const char *const *words)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(word, words[i]) == 0)
			return i;
	}
	return -1;
}

const char *reason_name(enum sw_reason reason)
{
	return reason < SW_REASON_COUNT ? reason_words[reason] : NULL;
}

const char *reason_rfc(enum sw_reason reason)
{
	return reason < SW_REASON_COUNT ? reasons[reason].rfc : NULL;
}

const char *reason_text(enum sw_reason reason)
{
	return reason < SW_REASON_COUNT ? reasons[reason].text : NULL;
}

const char *reason_threat(enum sw_reason reason)
{
	return reason < SW_REASON_COUNT ? reasons[reason].threat : NULL;
}

int reason_by_name(const char *name)
{
	return word_index(name, reason_words);
}

struct reason_label reason_label(unsigned int reason)
{
	const char *name = reason_name(reason);
	struct reason_label label;

	if (name)
		snprintf(label.text, sizeof(label.text), "%s", name);
	else
		snprintf(label.text, sizeof(label.text), "#%u", reason);
	return label;
}

int reason_by_label(const char *label)
{
	unsigned int number;
	int used = 0;

	if (sscanf(label, "#%3u%n", &number, &used) == 1 && !label[used] && number < SW_REASONS_MAX)
		return number;
	return reason_by_name(label);
}

const char *message_name(enum sw_message message)
{
	return message < SW_MESSAGE_COUNT ? message_words[message] : NULL;
}

int message_by_name(const char *name)
{
	return word_index(name, message_words);
}

const char *rate_name(enum sw_rate rate)
{
	return rate < SW_RATE_COUNT ? rate_words[rate] : NULL;
}

const char *mode_name(enum sw_mode mode)
{
	return mode < SW_MODE_COUNT ? mode_words[mode] : NULL;
}

const char *transport_name(enum sw_transport transport)
{
	return transport < SW_TRANSPORT_COUNT ? transport_words[transport] : NULL;
}
