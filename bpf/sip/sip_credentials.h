/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Digest challenges and the credentials that answer them (RFC 3261 25.1, RFC 7616): the nonce
 * and the username.
 */
#ifndef SIPWARD_BPF_SIP_SIP_CREDENTIALS_H
#define SIPWARD_BPF_SIP_SIP_CREDENTIALS_H

#include "sip/sip_headers.h"

/* The value that begins at pos, 0 for none, without its quotes. */
static __always_inline struct sip_span sip_unquoted(const struct sip_buf *buf, __u32 pos, __u32 end)
{
	__u32 last;

	if (!pos)
		return sip_span(0, 0);
	last = sip_value_end(buf, pos, end);
	if (pos >= end || sip_octet(buf, pos) != '"')
		return sip_span(pos, last);
	/* One that is never closed says nothing. */
	return sip_octet(buf, last - 1) == '"' ? sip_span(pos + 1, last - 1) : sip_span(0, 0);
}

/* Notes the parameter at pos, if it is one of those; of two the first one that says something
 * counts. Servers differ in which username they take, so a second one is looked for. 1 when there
 * is nothing more to be found. */
SIP_GLOBAL int sip_credential(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end,
			      __u32 id)
{
	int proxy = id == SIP_PROXY_AUTHORIZATION || id == SIP_PROXY_AUTHENTICATE;
	struct sip_span *nonce, *login, value;
	__u32 name = 0; /* octets of the parameter's name, when its value is wanted */
	__u64 word;

	if (!buf || !msg || pos >= end)
		return 1;
	nonce = proxy ? &msg->proxy_nonce : &msg->nonce;
	login = proxy ? &msg->proxy_login : &msg->login;
	word = sip_lower(sip_load(buf, pos));
	if ((word & sip_mask(5)) == SIP_WORD("nonce")) {
		name = nonce->length ? 0 : 5;
	} else if (SIP_NEEDS(SIP_NEED_LOGINS) && word == SIP_WORD("username") &&
		   (id == SIP_AUTHORIZATION || id == SIP_PROXY_AUTHORIZATION)) {
		if (login->length)
			msg->flags |= SIP_LOGINS;
		else
			name = 8;
	}
	if (name) {
		value = sip_unquoted(buf, sip_assigned(buf, pos + name, end), end);
		*(name == 5 ? nonce : login) = value;
	}
	return nonce->length && !(SIP_NEEDS(SIP_NEED_LOGINS) &&
				  (id == SIP_AUTHORIZATION || id == SIP_PROXY_AUTHORIZATION));
}

/* Parameters separated by commas, behind the scheme, 32 of them; a comma in quotes separates
 * nothing. */
SIP_GLOBAL int sip_credentials(const struct sip_buf *buf, struct sip_msg *msg, __u32 pos, __u32 end,
			       __u32 id)
{
	__u32 scheme_end;

	if (!buf || !msg)
		return 0;
	scheme_end = sip_find(buf, pos, end, SIP_EACH(' '), SIP_EACH(','));
	pos = sip_find(buf, pos, scheme_end, SIP_EACH('\t'), SIP_EACH('\t'));
	for (__u32 i = 0; i < 32; i++) {
		pos = sip_skip_lws(buf, pos, end);
		if (sip_credential(buf, msg, pos, end, id))
			return 0;
		pos = sip_next_value(buf, pos, end);
		if (pos >= end)
			break;
	}
	if (pos < end || pos == SIP_LOST) {
		msg->violations |= SW_SANITY_BIT(REACH);
		msg->flags |= SIP_LOGINS;
	}
	return 0;
}

/* Of a request: those of Authorization, else of Proxy-Authorization. */
static __always_inline struct sip_span credentials_nonce(const struct sip_msg *msg)
{
	return msg->nonce.length ? msg->nonce : msg->proxy_nonce;
}

static __always_inline struct sip_span credentials_login(const struct sip_msg *msg)
{
	return msg->nonce.length ? msg->login : msg->proxy_login;
}

/* Of an empty nonce no password can be told (3GPP TS 24.229 5.1.1.2 has one in the first
 * REGISTER); but where the parameters go on beyond what is read, one may follow. */
static __always_inline int has_credentials(const struct sip_msg *msg)
{
	return credentials_nonce(msg).length || msg->flags & SIP_LOGINS;
}

#endif
