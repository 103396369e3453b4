/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The adapter of libre.
 */
#define HAVE_INTTYPES_H 1 /* re.h asks */
#define HAVE_STDBOOL_H  1
#include <re.h>

#include <string.h>

#include "reading.h"

static void add(struct reading *r, enum field f, const struct pl *pl)
{
	if (pl->p)
		reading_add(r, f, pl->p, pl->l);
}

static void add_uri(struct reading *r, enum field f, const struct uri *uri)
{
	if (pl_isset(&uri->user))
		add(r, f, &uri->user);
	else if (!pl_strcasecmp(&uri->scheme, "tel") && pl_isset(&uri->host) &&
		 uri->host.p[-1] == ':') /* of a tel URI the number is what it calls the host */
		add(r, f, &uri->host);
}

struct wanted {
	struct reading *r;
	enum field field;
};

static bool add_address(const struct sip_hdr *hdr, const struct sip_msg *msg, void *arg)
{
	const struct wanted *wanted = arg;
	struct sip_addr address;

	(void)msg;
	if (!sip_addr_decode(&address, &hdr->val))
		add_uri(wanted->r, wanted->field, &address.uri);
	return false;
}

static bool add_value(const struct sip_hdr *hdr, const struct sip_msg *msg, void *arg)
{
	const struct wanted *wanted = arg;

	(void)msg;
	add(wanted->r, wanted->field, &hdr->val);
	return false;
}

static bool add_present(const struct sip_hdr *hdr, const struct sip_msg *msg, void *arg)
{
	const struct wanted *wanted = arg;

	(void)msg, (void)hdr;
	reading_add_text(wanted->r, wanted->field, "present");
	return true;
}

static void each(struct reading *r, enum field f, const struct sip_msg *msg, enum sip_hdrid id,
		 sip_hdr_h *handler)
{
	struct wanted wanted = {.r = r, .field = f};

	sip_msg_hdr_apply(msg, true, id, handler, &wanted);
}

static void add_login(struct reading *r, const struct sip_msg *msg, enum sip_hdrid id)
{
	const struct sip_hdr *hdr = sip_msg_hdr(msg, id);
	struct httpauth_digest_resp login;

	if (!hdr || !msg->req || httpauth_digest_response_decode(&login, &hdr->val))
		return;
	add(r, F_USERNAME, &login.username);
	add(r, F_NONCE, &login.nonce);
}

static void add_headers(struct reading *r, const struct sip_msg *msg)
{
	struct wanted diversion = {.r = r, .field = F_DIVERSION};

	each(r, F_CONTENT_TYPE, msg, SIP_HDR_CONTENT_TYPE, add_value);
	each(r, F_CONTACT, msg, SIP_HDR_CONTACT, add_address);
	each(r, F_ASSERTED, msg, SIP_HDR_P_ASSERTED_IDENTITY, add_address);
	each(r, F_PREFERRED, msg, SIP_HDR_P_PREFERRED_IDENTITY, add_address);
	each(r, F_REFER_TO, msg, SIP_HDR_REFER_TO, add_address);
	each(r, F_REFERRED_BY, msg, SIP_HDR_REFERRED_BY, add_present);
	each(r, F_ROUTE, msg, SIP_HDR_ROUTE, add_present);
	each(r, F_USER_AGENT, msg, SIP_HDR_USER_AGENT, add_value);
	sip_msg_xhdr_apply(msg, true, "Diversion", add_present, &diversion);
	diversion.field = F_REMOTE_PARTY;
	sip_msg_xhdr_apply(msg, true, "Remote-Party-ID", add_address, &diversion);
	add_login(r, msg, SIP_HDR_AUTHORIZATION);
	add_login(r, msg, SIP_HDR_PROXY_AUTHORIZATION);
}

static void add_all(struct reading *r, const struct sip_msg *msg, const struct mbuf *mb)
{
	if (msg->req) {
		add(r, F_METHOD, &msg->met);
		add_uri(r, F_URI_USER, &msg->uri);
	} else {
		reading_add_number(r, F_STATUS, msg->scode);
	}
	add(r, F_BRANCH, &msg->via.branch);
	add_uri(r, F_FROM_USER, &msg->from.uri);
	add(r, F_FROM_TAG, &msg->from.tag);
	add_uri(r, F_TO_USER, &msg->to.uri);
	add(r, F_TO_TAG, &msg->to.tag);
	add(r, F_CALL_ID, &msg->callid);
	reading_add_number(r, F_CSEQ_NUMBER, msg->cseq.num);
	add(r, F_CSEQ_METHOD, &msg->cseq.met);
	if (pl_isset(&msg->maxfwd))
		reading_add_number(r, F_MAX_FORWARDS, pl_u32(&msg->maxfwd));
	if (pl_isset(&msg->clen))
		reading_add_number(r, F_CONTENT_LENGTH, pl_u32(&msg->clen));
	add_headers(r, msg);
	reading_add(r, F_BODY, mb->buf + mb->pos, mb->end - mb->pos);
}

/* It tells headers apart by a hash of their name. A header whose hash is that of another name would
 * be taken for the other header. Such a message is of no interest. */
static bool is_misnamed(const struct sip_hdr *hdr)
{
	static const struct {
		enum sip_hdrid id;
		const char *name;
	} names[] = {
		{SIP_HDR_VIA, "Via"},
		{SIP_HDR_FROM, "From"},
		{SIP_HDR_TO, "To"},
		{SIP_HDR_CALL_ID, "Call-ID"},
		{SIP_HDR_CSEQ, "CSeq"},
		{SIP_HDR_ROUTE, "Route"},
		{SIP_HDR_CONTENT_TYPE, "Content-Type"},
		{SIP_HDR_CONTACT, "Contact"},
		{SIP_HDR_CONTENT_LENGTH, "Content-Length"},
		{SIP_HDR_REFER_TO, "Refer-To"},
		{SIP_HDR_MAX_FORWARDS, "Max-Forwards"},
		{SIP_HDR_REFERRED_BY, "Referred-By"},
		{SIP_HDR_P_ASSERTED_IDENTITY, "P-Asserted-Identity"},
		{SIP_HDR_P_PREFERRED_IDENTITY, "P-Preferred-Identity"},
		{SIP_HDR_USER_AGENT, "User-Agent"},
		{SIP_HDR_AUTHORIZATION, "Authorization"},
		{SIP_HDR_PROXY_AUTHORIZATION, "Proxy-Authorization"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (hdr->id == names[i].id)
			return hdr->name.l > 1 && pl_strcasecmp(&hdr->name, names[i].name);
	return false;
}

static bool has_misnamed(const struct sip_msg *msg)
{
	for (const struct le *le = msg->hdrl.head; le; le = le->next)
		if (is_misnamed(le->data))
			return true;
	return false;
}

static void read_re(const struct message_text *message, struct reading *r)
{
	struct mbuf *mb = mbuf_alloc(message->size);
	struct sip_msg *msg = NULL;

	mbuf_write_mem(mb, message->octets, message->size);
	mb->pos = 0;
	if (sip_msg_decode(&msg, mb)) {
		r->why = "sip_msg_decode() fails";
	} else if (!msg->via.val.p || !msg->from.val.p || !msg->to.val.p || !msg->callid.p ||
		   !msg->cseq.met.p) {
		r->why = "a header is missing";
	} else if (has_misnamed(msg)) {
		r->why = "two names have one hash";
	} else {
		r->outcome = OUTCOME_READ;
		add_all(r, msg, mb);
	}
	mem_deref(msg);
	mem_deref(mb);
}

const struct parser parser_re = {.name = "libre", .read = read_re};
