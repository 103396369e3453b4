/* SPDX-License-Identifier: GPL-2.0-only */
#include "policy/exports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "policy/decimal.h"
#include "policy/names.h"

#define CALM_MIN SW_NS_PER_SEC

static const struct rate export_rate = {
	.set = true,
	.count = 100,
	.burst = 100,
	.period = SW_NS_PER_SEC,
};

void set_default_exports(struct policy *p)
{
	p->events.set = true;
	p->events.count = p->events.burst = 200;
	p->events.period = SW_NS_PER_SEC;
	p->log.rate = p->hep.rate = export_rate;
	strcpy(p->hooks.user, "nobody");
	p->hooks.calm = 60 * SW_NS_PER_SEC;
}

/* --- events: {log: json, hep: "udp:homer:9060"} --- */

/* A name as the resolver takes it, or an IPv4 address. */
static bool is_host(const char *host)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._";

	return *host && *host != '-' && *host != '.' && !host[strspn(host, letters)];
}

/* "udp:homer.example:9060", "udp:[2001:db8::1]:9060": fills *to when all of it is right. */
static int hep_parse(const char *text, struct hep_target *to)
{
	const char *start = strncmp(text, "udp:", 4) == 0 ? text + 4 : NULL;
	const char *colon = start ? strrchr(start, ':') : NULL;
	bool ipv6 = colon && *start == '[' && colon > start + 1 && colon[-1] == ']';
	size_t size = colon ? (size_t)(colon - start) - (ipv6 ? 2 : 0) : 0;
	char host[sizeof(to->host)] = "";
	struct in6_addr scratch;
	uint64_t port;

	if (size == 0 || size >= sizeof(host))
		return -1;
	memcpy(host, start + ipv6, size);
	colon++;
	if ((ipv6 ? inet_pton(AF_INET6, host, &scratch) != 1 : !is_host(host)) ||
	    decimal(&colon, UINT16_MAX, &port) < 0 || *colon || port == 0)
		return -1;
	memcpy(to->host, host, sizeof(host));
	to->port = port;
	return 0;
}

static int read_hep(struct parse_context *d, const struct key *key, const struct node *value,
		    void *to)
{
	const char *text = want_text(d, value);
	struct policy *p = to;

	(void)key;
	if (!text)
		return -1;
	p->hep.port = 0;
	if (strcmp(text, "off") == 0 || hep_parse(text, &p->hep) == 0)
		return 0;
	return fail_at(&d->source, value->at,
		       "'hep' cannot be '%s'; write udp:, the host and the port of Homer, as in "
		       "\"udp:homer.example:9060\" or \"udp:[2001:db8::1]:9060\", or off",
		       quote(text).text);
}

int read_events(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		KEY("rate", read_rate, .offset = offsetof(struct policy, events)),
		KEY("log", read_word, .offset = offsetof(struct policy, log.to),
		    .words = log_words),
		KEY("log_rate", read_rate, .offset = offsetof(struct policy, log.rate)),
		KEY("hep", read_hep),
		KEY("hep_id", read_number, .offset = offsetof(struct policy, hep.id),
		    .max = UINT32_MAX),
		KEY("hep_rate", read_rate, .offset = offsetof(struct policy, hep.rate)),
		KEYS_END,
	};

	(void)key;
	return read_map(d, value, keys, to);
}

/* --- hooks: {ban: /usr/local/sbin/announce, user: exabgp} --- */

static int read_path(struct parse_context *d, const struct key *key, const struct node *value,
		     void *to)
{
	const char *text = want_text(d, value);
	struct hook_program *program = to;

	(void)key;
	if (!text)
		return -1;
	if (*text != '/' || text[strlen(text) - 1] == '/' || strlen(text) >= PATH_MAX)
		return fail_at(&d->source, value->at,
			       "%s cannot be '%s'; write the whole path of a program without "
			       "arguments, as in /usr/local/sbin/announce",
			       label(value).text, quote(text).text);
	program->path = xstrdup(text);
	program->at = value->at;
	return 0;
}

static int read_user(struct parse_context *d, const struct key *key, const struct node *value,
		     void *to)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._";
	const char *text = want_text(d, value);
	struct policy *p = to;

	(void)key;
	if (!text)
		return -1;
	if (strlen(text) >= sizeof(p->hooks.user) || text[strspn(text, letters)])
		return fail_at(&d->source, value->at,
			       "'user' cannot be '%s'; write the name of a user of this host",
			       quote(text).text);
	strcpy(p->hooks.user, text);
	return 0;
}

static int read_calm(struct parse_context *d, const struct key *key, const struct node *value,
		     void *to)
{
	struct policy *p = to;

	if (read_duration(d, key, value, &p->hooks.calm) < 0)
		return -1;
	if (p->hooks.calm < CALM_MIN)
		return fail_at(&d->source, value->at, "'calm' is at least 1s, not '%s'",
			       quote(value->text).text);
	return 0;
}

#define HOOK(name, index) \
	KEY(name, read_path, .offset = offsetof(struct policy, hooks.programs[index]))

int read_hooks(struct parse_context *d, const struct key *key, const struct node *value, void *to)
{
	static const struct key keys[] = {
		HOOK("ban", HOOK_BAN),
		HOOK("unban", HOOK_UNBAN),
		HOOK("attack_begin", HOOK_ATTACK_BEGIN),
		HOOK("attack_end", HOOK_ATTACK_END),
		KEY("user", read_user),
		KEY("calm", read_calm),
		KEYS_END,
	};

	(void)key;
	return read_map(d, value, keys, to);
}

static bool others_may_write(const struct stat *st)
{
	return st->st_mode & (S_IWGRP | S_IWOTH);
}

static bool is_of_root_or_mine(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_uid == 0 || st.st_uid == geteuid());
}

/* A user who may write there decides what runs. A folder with the sticky bit, such as /tmp, is for
 * everybody to make files in, but not to replace those of others. */
static char *danger_at(const char *path)
{
	auto_free char *copy = xstrdup(path);
	const char *folder = dirname(copy);
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && others_may_write(&st))
		return xasprintf("others than its owner may write to %s; run: chmod go-w %s", path,
				 path);
	if (stat(folder, &st) < 0 || !others_may_write(&st))
		return NULL;
	if (!(st.st_mode & S_ISVTX))
		return xasprintf("others than its owner may write to %s, and so replace %s; run: "
				 "chmod go-w %s, or move the program to /usr/local/sbin",
				 folder, path, folder);
	if (!is_of_root_or_mine(path))
		return xasprintf("everybody may make files in %s, and %s is not root's; install "
				 "the program as root in /usr/local/sbin",
				 folder, path);
	return NULL;
}

char *hook_danger(const char *path)
{
	auto_free char *real = realpath(path, NULL);
	char *danger = danger_at(path);

	return danger || !real || strcmp(real, path) == 0 ? danger : danger_at(real);
}

char *hook_fault(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return xasprintf("%s cannot be found: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return xasprintf("%s is not a file", path);
	if (!(st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
		return xasprintf("%s is not executable; run: chmod 755 %s", path, path);
	return hook_danger(path);
}
