/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The adapter of libosip2. It keeps headers that it has no type for in one list; its parser for
 * From parses the addresses there. Its Content-Length is not looked at: where there is none it
 * makes one.
 */
#include <osipparser2/osip_parser.h>
#include <osipparser2/osip_port.h>

#include <stdlib.h>
#include <string.h>

#include "reading.h"

static void say_nothing(const char *file, int line, osip_trace_level_t level, const char *text,
			va_list args)
{
	(void)file, (void)line, (void)level, (void)text, (void)args;
}

static void start(void)
{
	parser_init();
	osip_trace_initialize_func(END_TRACE_LEVEL, say_nothing);
}

/* It takes escapes out of a user part; text that looks like an escape after that is none. */
static void add_unescaped(struct reading *r, enum field f, const char *text)
{
	char escaped[3 * 16384];
	size_t size = 0;

	if (!text)
		return;
	for (; *text && size + 3 < sizeof(escaped); text++) {
		escaped[size++] = *text;
		if (*text == '%') {
			escaped[size++] = '2';
			escaped[size++] = '5';
		}
	}
	reading_add(r, f, escaped, size);
}

static void add_url(struct reading *r, enum field f, const osip_uri_t *url)
{
	char *user;

	if (!url)
		return;
	add_unescaped(r, f, url->username);
	if (!url->string || !url->scheme || strcasecmp(url->scheme, "tel"))
		return;
	user = strdup(url->string); /* a number, and what follows it */
	user[strcspn(user, ";?@")] = '\0';
	reading_add_text(r, f, user);
	free(user);
}

static void add_party(struct reading *r, enum field user, enum field tag, osip_from_t *party)
{
	osip_generic_param_t *param = NULL;

	add_url(r, user, party->url);
	if (!osip_from_get_tag(party, &param) && param)
		reading_add_text(r, tag, param->gvalue);
}

static const char *nth_header(const osip_message_t *sip, const char *name, int *pos)
{
	osip_header_t *header = NULL;

	*pos = osip_message_header_get_byname(sip, name, *pos, &header);
	if (*pos < 0 || !header)
		return NULL;
	++*pos;
	return header->hvalue ? header->hvalue : "";
}

static void add_addresses(struct reading *r, enum field f, const osip_message_t *sip,
			  const char *name)
{
	const char *value;
	int pos = 0;

	while ((value = nth_header(sip, name, &pos))) {
		osip_from_t *address;

		osip_from_init(&address);
		if (!osip_from_parse(address, value))
			add_url(r, f, address->url);
		osip_from_free(address);
	}
}

static void add_values(struct reading *r, enum field f, const osip_message_t *sip, const char *name)
{
	const char *value;
	int pos = 0;

	while ((value = nth_header(sip, name, &pos)))
		reading_add_text(r, f, value);
}

static void add_present(struct reading *r, enum field f, const osip_message_t *sip,
			const char *name)
{
	int pos = 0;

	if (nth_header(sip, name, &pos))
		reading_add_text(r, f, "present");
}

static void add_call_id(struct reading *r, const osip_call_id_t *id)
{
	char text[16500];

	if (!id->number)
		return;
	snprintf(text, sizeof(text), "%s%s%s", id->number, id->host ? "@" : "",
		 id->host ? id->host : "");
	reading_add_text(r, F_CALL_ID, text);
}

static void add_content_type(struct reading *r, const osip_content_type_t *type)
{
	char text[16500];

	if (!type || !type->type)
		return;
	snprintf(text, sizeof(text), "%s/%s", type->type, type->subtype ? type->subtype : "");
	reading_add_text(r, F_CONTENT_TYPE, text);
}

static void add_login(struct reading *r, const osip_message_t *sip,
		      const osip_authorization_t *login)
{
	if (!login || !sip->sip_method)
		return;
	reading_add_text(r, F_USERNAME, login->username);
	reading_add_text(r, F_NONCE, login->nonce);
}

static void add_lists(struct reading *r, const osip_message_t *sip)
{
	const osip_contact_t *contact;
	osip_via_t *via = osip_list_get(&sip->vias, 0);
	osip_generic_param_t *param = NULL;

	if (!osip_via_param_get_byname(via, "branch", &param) && param)
		reading_add_text(r, F_BRANCH, param->gvalue);
	for (int i = 0; (contact = osip_list_get(&sip->contacts, i)); i++)
		add_url(r, F_CONTACT, contact->url);
	if (osip_list_size(&sip->routes))
		reading_add_text(r, F_ROUTE, "present");
	add_login(r, sip, osip_list_get(&sip->authorizations, 0));
	add_login(r, sip, osip_list_get(&sip->proxy_authorizations, 0));
}

static void add_others(struct reading *r, const osip_message_t *sip)
{
	add_addresses(r, F_ASSERTED, sip, "p-asserted-identity");
	add_addresses(r, F_PREFERRED, sip, "p-preferred-identity");
	add_addresses(r, F_REMOTE_PARTY, sip, "remote-party-id");
	add_addresses(r, F_REFER_TO, sip, "refer-to");
	add_addresses(r, F_REFER_TO, sip, "r");
	add_present(r, F_REFERRED_BY, sip, "referred-by");
	add_present(r, F_REFERRED_BY, sip, "b");
	add_present(r, F_DIVERSION, sip, "diversion");
	add_values(r, F_USER_AGENT, sip, "user-agent");
	add_values(r, F_MAX_FORWARDS, sip, "max-forwards");
}

static void add_body(struct reading *r, const osip_message_t *sip)
{
	const osip_body_t *body = osip_list_get(&sip->bodies, 0);

	if (sip->content_type && sip->content_type->type &&
	    !strcasecmp(sip->content_type->type, "multipart"))
		return; /* it is taken apart */
	if (body && body->body)
		reading_add(r, F_BODY, body->body, body->length);
}

static void add_all(struct reading *r, const osip_message_t *sip)
{
	if (sip->sip_method)
		reading_add_text(r, F_METHOD, sip->sip_method);
	else
		reading_add_number(r, F_STATUS, sip->status_code);
	add_url(r, F_URI_USER, sip->req_uri);
	add_party(r, F_FROM_USER, F_FROM_TAG, sip->from);
	add_party(r, F_TO_USER, F_TO_TAG, (osip_from_t *)sip->to);
	add_call_id(r, sip->call_id);
	reading_add_text(r, F_CSEQ_NUMBER, sip->cseq->number);
	reading_add_text(r, F_CSEQ_METHOD, sip->cseq->method);
	add_content_type(r, sip->content_type);
	add_lists(r, sip);
	add_others(r, sip);
	add_body(r, sip);
}

static void read_osip(const struct message_text *message, struct reading *r)
{
	osip_message_t *sip;

	osip_message_init(&sip);
	if (osip_message_parse(sip, (const char *)message->octets, message->size)) {
		r->why = "osip_message_parse() fails";
	} else if (!sip->from || !sip->to || !sip->call_id || !sip->cseq ||
		   !osip_list_size(&sip->vias)) {
		r->why = "a header is missing";
	} else {
		r->outcome = OUTCOME_READ;
		add_all(r, sip);
	}
	osip_message_free(sip);
}

const struct parser parser_osip = {.name = "libosip2", .start = start, .read = read_osip};
