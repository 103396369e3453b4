/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The cost of a packet: by a small policy, by the policies that are shipped, while it is dropped,
 * and as tables grow. Every figure is given as a ratio to the row "full", which is measured beside
 * it: a valid INVITE of some 870 octets from a zone with limits, with all of `default` sanity.
 *
 *   bench                 all of it, in words
 *   bench --tsv           name and ratio of each row
 *   bench --costs FILE    what each rule of the shipped policies costs
 *
 * BENCH_ROUNDS says how many rounds count (100), BENCH_PARTS which of these are measured: small pbx
 * interconnect ims-edge drops samples bans growth processors. BENCH_ROWS is a part of the names of
 * those rows that are measured.
 */
#include <linux/bpf.h>
#include <string.h>

#include "bench.h"

/* Last: it makes macros of words such as MAX_FORWARDS. */
#include <osipparser2/osip_parser.h>

#define PARSES 500

static const char *const yaml =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"sanity: {profile: default}\n"
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24], methods: [INVITE, OPTIONS],\n"
	"     rates: {zone: 1000000000/s, source: {any: 1000000000/s, INVITE: 1000000000/s}}}\n";

static const char *const with_strict =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"sanity: {profile: strict}\n"
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24], methods: [INVITE, OPTIONS],\n"
	"     rates: {zone: 1000000000/s, source: {any: 1000000000/s, INVITE: 1000000000/s}}}\n";

static const char *const with_newcomers =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"sanity: {profile: default}\n"
	"zones:\n"
	"  - {name: public, newcomers: {rate: 1000000000/s, probe: off},\n"
	"     rates: {zone: 1000000000/s, source: {any: 1000000000/s, INVITE: 1000000000/s}}}\n";

static const char *const with_callee =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"sanity: {profile: default}\n"
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24], methods: [INVITE, OPTIONS],\n"
	"     rates: {zone: 1000000000/s, callee: 1000000000/s,\n"
	"     source: {any: 1000000000/s, INVITE: 1000000000/s}}}\n";

static const char *const with_rules =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"sanity: {profile: default}\n"
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24], methods: [INVITE, OPTIONS],\n"
	"     rates: {zone: 1000000000/s, source: {any: 1000000000/s, INVITE: 1000000000/s}}}\n"
	"rules: [{name: a, header: X-Foo, contains: bad}, {name: b, body_contains: evil}]\n";

static const char *const with_greylist =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"zones: [{name: public, newcomers: {rate: 1/s, probe: off}}]\n";

/* As the first, with the session description judged. */
static const char *const with_body =
	"version: 1\n"
	"services: [{transport: udp, port: 5060}]\n"
	"sanity: {profile: default, body: sdp}\n"
	"zones:\n"
	"  - {name: carrier, sources: [203.0.113.0/24], methods: [INVITE, OPTIONS],\n"
	"     rates: {zone: 1000000000/s, source: {any: 1000000000/s, INVITE: 1000000000/s}}}\n";

/* --- the other side of the ratios --- */

static double osip_ns(const char *text, size_t size)
{
	double start = seconds();

	for (int i = 0; i < PARSES; i++) {
		osip_message_t *message;

		osip_message_init(&message);
		if (osip_message_parse(message, text, size))
			die("libosip2 does not parse the message");
		osip_message_free(message);
	}
	return (seconds() - start) / PARSES * 1e9;
}

struct header_line {
	const char *name, *value;
	size_t name_size, value_size;
};

/* The least work of any parser: it splits the lines of the header section at the colon. */
static __attribute__((noinline)) size_t split(const char *text, size_t size,
					      struct header_line *lines, size_t room)
{
	const char *at = text, *end = text + size;
	size_t count = 0;

	while (at < end && *at != '\n')
		at++;
	at++;
	while (at < end && count < room) {
		const char *start = at, *colon = NULL;

		while (at < end && *at != '\r' && *at != '\n') {
			if (*at == ':' && !colon)
				colon = at;
			at++;
		}
		if (at == start)
			break;
		lines[count].name = start;
		lines[count].name_size = (colon ? colon : at) - start;
		lines[count].value = colon ? colon + 1 : at;
		lines[count++].value_size = at - (colon ? colon + 1 : at);
		at += at < end && *at == '\r';
		at += at < end && *at == '\n';
	}
	return count;
}

static double split_ns(const char *text, size_t size)
{
	struct header_line lines[64];
	double start = seconds();
	size_t sum = 0;

	for (int i = 0; i < PARSES * 10; i++) {
		sum += split(text, size, lines, array_size(lines));
		asm volatile("" : : "r"(lines) : "memory");
	}
	if (sum < (size_t)PARSES * 10 * 5)
		die("the splitter found no headers");
	return (seconds() - start) / (PARSES * 10) * 1e9;
}

/* --- the data path --- */

static bool as_tsv;
static unsigned int rounds = 100;

static void print_table(const struct table *table, const char *title)
{
	if (!as_tsv)
		printf("\n%-42s %9s %9s\n", title, "ns", "of full");
	for (size_t i = ROW_FULL; i < table->count; i++) {
		if (as_tsv)
			printf("%s: %s\t%.3f\n", title, table->rows[i].name, row_ratio(table, i));
		else
			printf("%-42s %9.0f %9.2f\n", table->rows[i].name, row_ns(table, i),
			       row_ratio(table, i));
	}
	fflush(stdout);
}

static void finish(struct table *table, const char *title)
{
	table_measure(table, rounds);
	print_table(table, title);
}

static void measure_small(const struct scene *full)
{
	auto_table struct table table = {};
	auto_scene struct scene strict = {}, body = {}, newcomers = {}, greylist = {}, callee = {};
	auto_scene struct scene rules = {};

	table_open(&table, full);
	scene_open(&strict, with_strict, NULL);
	scene_open(&body, with_body, NULL);
	scene_open(&callee, with_callee, NULL);
	scene_open(&rules, with_rules, NULL);
	scene_open(&newcomers, with_newcomers, NULL);
	scene_open(&greylist, with_greylist, NULL);
	table_add(&table, &strict, "strict", MESSAGE_INVITE, "203.0.113.7", XDP_PASS);
	table_add(&table, &body, "body: sdp", MESSAGE_INVITE, "203.0.113.7", XDP_PASS);
	table_add(&table, &callee, "rates: callee", MESSAGE_INVITE, "203.0.113.7", XDP_PASS);
	table_add(&table, &rules, "rules: a header and a body", MESSAGE_INVITE, "203.0.113.7",
		  XDP_PASS);
	table_add(&table, &newcomers, "newcomer", MESSAGE_INVITE, "198.51.100.7", XDP_PASS);
	table_add(&table, &greylist, "newcomer, budget spent", MESSAGE_INVITE, "198.51.100.7",
		  XDP_DROP);
	table_add(&table, full, "media", MESSAGE_MEDIA, "203.0.113.7", XDP_PASS);
	table_add(&table, full, "TCP, middle of a message", MESSAGE_SEGMENT, "203.0.113.7",
		  XDP_PASS);
	finish(&table, "small policy");
}

/* The policies that are shipped, with limits that refuse nothing. */
static const struct sender {
	const char *policy;
	const char *zone;
	const char *address;
	const char *methods; /* of these rows, by their first letters */
} senders[] = {
	{"pbx", "trunk", "203.0.113.7", "INVITE OPTIONS"},
	{"pbx", "office", "198.51.100.20", "INVITE REGISTER OPTIONS"},
	{"pbx", "public", "198.51.100.77", "INVITE REGISTER OPTIONS"},
	{"interconnect", "carrier-a", "203.0.113.7", "INVITE OPTIONS"},
	{"ims-edge", "core", "10.64.0.7", "INVITE OPTIONS"},
	{"ims-edge", "handsets", "100.64.0.7", "REGISTER"},
};

static const struct kind {
	const char *name;
	enum message message;
	const char *method; /* that the zone must allow; NULL: any does */
} kinds[] = {
	{"INVITE", MESSAGE_INVITE, "INVITE"},
	{"REGISTER", MESSAGE_REGISTER, "REGISTER"},
	{"OPTIONS", MESSAGE_OPTIONS, "OPTIONS"},
	{"re-INVITE", MESSAGE_REINVITE, "INVITE"},
	{"200 OK", MESSAGE_OK, "INVITE"},
	{"ACK", MESSAGE_ACK, "INVITE"},
	{"200 OK, leaves", MESSAGE_OUT_OK, "INVITE"},
	{"media, arrives", MESSAGE_MEDIA, "INVITE"},
	{"media, leaves", MESSAGE_OUT_MEDIA, "INVITE"},
	{"TCP, middle of a message", MESSAGE_SEGMENT, "INVITE"},
};

static void add_sender(struct table *table, struct scene *scene, const struct sender *sender)
{
	scene_settle(scene, sender->address);
	for (size_t i = 0; i < array_size(kinds); i++) {
		bool out = message_outbound(kinds[i].message);
		char name[64];

		if (!strstr(sender->methods, kinds[i].method))
			continue;
		snprintf(name, sizeof(name), "%s, %s", sender->zone, kinds[i].name);
		table_add(table, scene, name, kinds[i].message, sender->address,
			  out ? ANY_VERDICT : XDP_PASS);
	}
}

static void measure_shipped(const struct scene *full, const char *policy)
{
	auto_table struct table table = {};
	auto_scene struct scene scene = {};
	auto_free char *path = xasprintf("scripts/policies/%s.yaml", policy);

	table_open(&table, full);
	scene_open(&scene, path, unlimited);
	for (size_t i = 0; i < array_size(senders); i++)
		if (strcmp(senders[i].policy, policy) == 0)
			add_sender(&table, &scene, &senders[i]);
	finish(&table, policy);
}

/* Floods under pbx.yaml, whose limits are all spent: what each refused packet costs. */
static void measure_drops(const struct scene *full)
{
	static const struct {
		const char *name;
		enum message message;
		const char *address;
	} drops[] = {
		{"peer over its limit, INVITE", MESSAGE_INVITE, "203.0.113.7"},
		{"newcomer under the greylist, INVITE", MESSAGE_INVITE, "198.51.100.77"},
		{"stranger's keepalive", MESSAGE_KEEPALIVE, "198.51.100.77"},
		{"stranger's STUN", MESSAGE_STUN, "198.51.100.77"},
		{"stranger's 200 OK", MESSAGE_OK, "198.51.100.77"},
		{"stranger's ACK", MESSAGE_ACK, "198.51.100.77"},
		{"stranger's BYE", MESSAGE_BYE, "198.51.100.77"},
	};
	auto_table struct table table = {};
	auto_scene struct scene scene = {};

	table_open(&table, full);
	scene_open(&scene, "scripts/policies/pbx.yaml", spent);
	for (size_t i = 0; i < array_size(drops); i++)
		table_add(&table, &scene, drops[i].name, drops[i].message, drops[i].address,
			  XDP_DROP);
	finish(&table, "pbx, limits spent");
}

static void measure_bans(const struct scene *full)
{
	auto_table struct table table = {};
	auto_scene struct scene scene = {}, million = {}, list = {}, long_list = {};
	int filter = xdp_filter_open("198.51.100.9");

	table_open(&table, full);
	if (filter >= 0)
		table_add_program(&table, filter, "xdp-filter, IPv4 deny", MESSAGE_INVITE,
				  "198.51.100.9", XDP_DROP);
	else if (!as_tsv)
		printf("\nxdp-filter is not measured: libxdp1 is not installed.\n");
	open_bans(&scene, 1);
	open_bans(&million, 1000000);
	open_lists(&list, 1);
	open_lists(&long_list, 1000000);
	table_add(&table, &scene, "banned", MESSAGE_INVITE, "198.51.100.9", XDP_DROP);
	table_add(&table, &million, "banned, of a million", MESSAGE_INVITE, "198.51.100.9",
		  XDP_DROP);
	table_add(&table, &list, "deny list", MESSAGE_INVITE, "198.51.100.9", XDP_DROP);
	table_add(&table, &long_list, "deny list, of a million", MESSAGE_INVITE, "198.51.100.9",
		  XDP_DROP);
	finish(&table, "one address");
}

/* Nobody wants samples; then one of 64 packets, as above 32,000 packets a second; then each packet,
 * as below 1,000. */
static void measure_samples(const struct scene *full)
{
	auto_table struct table table = {};
	auto_scene struct scene off = {}, on = {}, each = {}, banned = {};

	table_open(&table, full);
	scene_open(&off, yaml, NULL);
	scene_open(&on, yaml, NULL);
	scene_open(&each, yaml, NULL);
	open_bans(&banned, 1);
	scene_samples(&on, 64);
	scene_samples(&each, 1);
	scene_samples(&banned, 64);
	table_add(&table, &off, "no samples", MESSAGE_INVITE, "203.0.113.7", XDP_PASS);
	table_add(&table, &on, "samples of 1 of 64", MESSAGE_INVITE, "203.0.113.7", XDP_PASS);
	table_add(&table, &each, "samples of each", MESSAGE_INVITE, "203.0.113.7", XDP_PASS);
	table_add(&table, &banned, "banned, samples of 1 of 64", MESSAGE_INVITE, "198.51.100.9",
		  XDP_DROP);
	finish(&table, "samples");
}

/* One source on two processors: what passes, what its ceiling refuses, and what is banned. */
static void measure_two(const struct scene *full)
{
	auto_table struct table table = {};
	auto_scene struct scene pbx = {}, over = {}, bans = {};
	auto_free double *ratios = NULL;

	scene_open(&pbx, "scripts/policies/pbx.yaml", unlimited);
	scene_settle(&pbx, "198.51.100.77");
	scene_open(&over, "scripts/policies/pbx.yaml", spent);
	open_bans(&bans, 1);
	table_open(&table, full);
	table_add_program(&table, counting_program(), "one cell, and nothing else", MESSAGE_INVITE,
			  "203.0.113.7", XDP_PASS);
	table_add(&table, &pbx, "public, INVITE", MESSAGE_INVITE, "198.51.100.77", XDP_PASS);
	table_add(&table, &pbx, "public, 200 OK, leaves", MESSAGE_OUT_OK, "198.51.100.77",
		  ANY_VERDICT);
	table_add(&table, &over, "newcomer under the greylist", MESSAGE_INVITE, "198.51.100.77",
		  XDP_DROP);
	table_add(&table, &over, "peer over its limit", MESSAGE_INVITE, "203.0.113.7", XDP_DROP);
	table_add(&table, &bans, "banned", MESSAGE_INVITE, "198.51.100.9", XDP_DROP);
	table_measure(&table, 1);
	ratios = xcalloc(table.count, sizeof(*ratios));
	if (!measure_processors(&table, rounds, ratios)) {
		if (!as_tsv)
			printf("\nTwo processors are not measured: there is one.\n");
		return;
	}
	if (!as_tsv)
		printf("\n%-42s %19s\n", "two processors at once", "of alone");
	for (size_t i = ROW_FULL; i < table.count; i++) {
		const char *name = table.rows[i].name;

		if (ratios[i] > 0)
			printf(as_tsv ? "two processors: %s\t%.3f\n" : "%-42s %19.2f\n", name,
			       ratios[i]);
		else if (!as_tsv)
			printf("%-42s %19s\n", name, "not measured");
	}
}

static void measure_parsers(const struct scene *full)
{
	auto_table struct table table = {};
	static struct frame frame;
	double osip = 0, splitter = 0;
	const char *text;
	size_t size;

	if (as_tsv)
		return;
	if (parser_init())
		die("libosip2 does not start");
	table_open(&table, full);
	message_frame(&frame, MESSAGE_INVITE, "203.0.113.7");
	text = (const char *)frame.octets + 42; /* behind Ethernet, IPv4 and UDP */
	size = frame.size - 42;
	table_measure(&table, rounds);
	for (unsigned int i = 0; i < rounds; i++) {
		osip = least(osip, osip_ns(text, size));
		splitter = least(splitter, split_ns(text, size));
	}
	printf("INVITE of %zu octets; best of %u rounds; ns are less the empty program's %.0f\n"
	       "%-42s %9.0f %9.2f\n%-42s %9.0f %9.2f\n",
	       size, rounds, table.rows[0].best, "libosip2", osip, osip / row_ns(&table, ROW_FULL),
	       "splitter", splitter, splitter / row_ns(&table, ROW_FULL));
	printf("%-42s %9u\n", "instructions verified", test_run_verified(&full->test_run));
}

static void write_costs(const struct scene *full, const char *path)
{
	FILE *out = fopen(path, "w");

	if (!out)
		die("%s cannot be written", path);
	measure_costs(full, rounds, out);
	if (fclose(out))
		die("%s cannot be written", path);
}

static bool is_wanted(const char *part)
{
	const char *parts = getenv("BENCH_PARTS");

	return !parts || strstr(parts, part);
}

static void measure_parts(const struct scene *full)
{
	static const char *const shipped[] = {"pbx", "interconnect", "ims-edge"};

	measure_parsers(full);
	if (is_wanted("small"))
		measure_small(full);
	for (size_t i = 0; i < array_size(shipped); i++)
		if (is_wanted(shipped[i]))
			measure_shipped(full, shipped[i]);
	if (is_wanted("drops"))
		measure_drops(full);
	if (is_wanted("samples"))
		measure_samples(full);
	if (is_wanted("bans"))
		measure_bans(full);
	if (is_wanted("growth"))
		measure_growth(full, finish);
	if (is_wanted("processors"))
		measure_two(full);
}

int main(int argc, char **argv)
{
	auto_scene struct scene full = {};
	const char *said = getenv("BENCH_ROUNDS");

	if (said && (rounds = strtoul(said, NULL, 10)) == 0)
		die("BENCH_ROUNDS is a number of rounds");
	as_tsv = argc == 2 && strcmp(argv[1], "--tsv") == 0;
	scene_open(&full, yaml, NULL);
	if (argc == 3 && strcmp(argv[1], "--costs") == 0) {
		write_costs(&full, argv[2]);
		return 0;
	}
	measure_parts(&full);
	return 0;
}
