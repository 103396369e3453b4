/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The adapter of sofia-sip.
 */
#include <sofia-sip/msg.h>
#include <sofia-sip/msg_addr.h>
#include <sofia-sip/msg_header.h>
#include <sofia-sip/sip.h>
#include <sofia-sip/sip_extra.h>
#include <sofia-sip/sip_header.h>
#include <sofia-sip/sip_parser.h>
#include <sofia-sip/sip_util.h>
#include <sofia-sip/url.h>

#include <string.h>

#include "reading.h"

static void start(void)
{
	sip_update_default_mclass(sip_extend_mclass(NULL));
}

static void add_url(struct reading *r, enum field f, const url_t *url)
{
	const char *user = url->url_user;

	/* of a tel URI the number is what url.h calls the host, or the user */
	if (url->url_type == url_tel && url->url_host && !user)
		user = url->url_host;
	if (user)
		reading_add(r, f, user,
			    url->url_type == url_tel ? strcspn(user, "@") : strlen(user));
}

static void add_party(struct reading *r, enum field user, enum field tag, const sip_addr_t *a)
{
	add_url(r, user, a->a_url);
	reading_add_text(r, tag, a->a_tag);
}

static void add_identities(struct reading *r, sip_t *sip)
{
	sip_p_asserted_identity_t *asserted = sip_p_asserted_identity(sip);
	sip_p_preferred_identity_t *preferred = sip_p_preferred_identity(sip);
	sip_remote_party_id_t *party = sip_remote_party_id(sip);

	for (; asserted; asserted = asserted->paid_next)
		add_url(r, F_ASSERTED, asserted->paid_url);
	for (; preferred; preferred = preferred->ppid_next)
		add_url(r, F_PREFERRED, preferred->ppid_url);
	for (; party; party = party->rpid_next)
		add_url(r, F_REMOTE_PARTY, party->rpid_url);
	for (sip_unknown_t *other = sip->sip_unknown; other; other = other->un_next)
		if (!strcasecmp(other->un_name, "Diversion"))
			reading_add_text(r, F_DIVERSION, "present");
}

static void add_login(struct reading *r, const sip_t *sip, const msg_auth_t *login)
{
	if (!login || !sip->sip_request)
		return;
	reading_add_text(r, F_USERNAME, msg_params_find(login->au_params, "username="));
	reading_add_text(r, F_NONCE, msg_params_find(login->au_params, "nonce="));
}

static void add_optional(struct reading *r, sip_t *sip)
{
	if (sip->sip_max_forwards)
		reading_add_number(r, F_MAX_FORWARDS, sip->sip_max_forwards->mf_count);
	if (sip->sip_content_length)
		reading_add_number(r, F_CONTENT_LENGTH, sip->sip_content_length->l_length);
	if (sip->sip_content_type)
		reading_add_text(r, F_CONTENT_TYPE, sip->sip_content_type->c_type);
	if (sip->sip_user_agent)
		reading_add_text(r, F_USER_AGENT, sip->sip_user_agent->g_string);
	for (sip_contact_t *contact = sip->sip_contact; contact; contact = contact->m_next)
		add_url(r, F_CONTACT, contact->m_url);
	if (sip->sip_refer_to)
		add_url(r, F_REFER_TO, sip->sip_refer_to->r_url);
	if (sip->sip_referred_by)
		reading_add_text(r, F_REFERRED_BY, "present");
	if (sip->sip_route)
		reading_add_text(r, F_ROUTE, "present");
	add_login(r, sip, sip->sip_authorization);
	add_login(r, sip, sip->sip_proxy_authorization);
	if (sip->sip_payload)
		reading_add(r, F_BODY, sip->sip_payload->pl_data, sip->sip_payload->pl_len);
}

static void add_all(struct reading *r, sip_t *sip)
{
	if (sip->sip_request) {
		reading_add_text(r, F_METHOD, sip->sip_request->rq_method_name);
		add_url(r, F_URI_USER, sip->sip_request->rq_url);
	} else {
		reading_add_number(r, F_STATUS, sip->sip_status->st_status);
	}
	reading_add_text(r, F_BRANCH, sip->sip_via->v_branch);
	add_party(r, F_FROM_USER, F_FROM_TAG, sip->sip_from);
	add_party(r, F_TO_USER, F_TO_TAG, sip->sip_to);
	reading_add_text(r, F_CALL_ID, sip->sip_call_id->i_id);
	reading_add_number(r, F_CSEQ_NUMBER, sip->sip_cseq->cs_seq);
	reading_add_text(r, F_CSEQ_METHOD, sip->sip_cseq->cs_method_name);
	add_optional(r, sip);
	add_identities(r, sip);
}

/* True for a message that nta.h answers with 400: a header that every message needs cannot be
 * read. */
static bool has_error(const msg_t *msg, const sip_t *sip)
{
	return (sip->sip_flags & MSG_FLG_ERROR) ||
	       (msg_extract_errors(msg) & (sip_mask_request | sip_mask_response));
}

static void read_sofia(const struct message_text *message, struct reading *r)
{
	msg_t *msg = msg_make(sip_default_mclass(), 0, message->octets, message->size);
	sip_t *sip = msg ? sip_object(msg) : NULL;

	if (!sip || sip_sanity_check(sip)) {
		r->why = "sip_sanity_check() fails";
	} else if (has_error(msg, sip)) {
		r->why = "the message has an error";
	} else {
		r->outcome = OUTCOME_READ;
		add_all(r, sip);
	}
	msg_destroy(msg);
}

const struct parser parser_sofia = {.name = "sofia-sip", .start = start, .read = read_sofia};
