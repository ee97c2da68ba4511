/*
 * The decoders of protocols/mysql. Where a decoder needs to know more than the payload, the first
 * bytes of the input say it.
 */
#include "mywire_checks.h"

enum { TEXT_MAX = 300, PARAMETERS_MAX = 40 };

void mywire_check_inside(struct qw_bytes body, struct qw_bytes part)
{
	QW_ASSERT(
		part.n == 0 || (part.p >= body.p && part.n <= (size_t)(body.p + body.n - part.p)));
}

void mywire_check_same(struct qw_buf *out, struct qw_bytes payload)
{
	struct qw_bytes all = qw_buf_pending(out);
	struct mywire_packet packet;

	QW_ASSERT(mywire_packet_peek(all, 0, MYWIRE_CHECK_OUT_MAX, &packet) == 0);
	QW_ASSERT(packet.wire_bytes == all.n && packet.frames == 1);
	QW_ASSERT(qw_bytes_equal(packet.payload, payload));
	qw_buf_fini(out);
}

/* A stream, as a socket delivers it, with one packet's numbers after the other's. */
static int check_packets(struct qw_bytes in)
{
	struct mywire_packet packet;
	struct qw_buf joined;
	uint8_t seq = in.n > 3 ? in.p[3] : 0;
	int err;

	while ((err = mywire_packet_peek(in, seq, 1 << 20, &packet)) == 0) {
		uint32_t first;

		QW_ASSERT(packet.wire_bytes <= in.n && packet.frames > 0);
		QW_ASSERT(packet.payload_bytes + (size_t)packet.frames * MYWIRE_HEADER ==
			  packet.wire_bytes);
		QW_ASSERT(packet.next == (uint8_t)(seq + packet.frames));
		QW_ASSERT(mywire_frame_peek(in, seq, &first) == 0 && first <= packet.payload_bytes);
		qw_buf_init(&joined, MYWIRE_CHECK_OUT_MAX);
		QW_ASSERT(mywire_packet_join(in, &packet, &joined) == 0);
		QW_ASSERT(qw_buf_pending(&joined).n == packet.payload_bytes);
		if (packet.frames == 1)
			QW_ASSERT(qw_bytes_equal(qw_buf_pending(&joined), packet.payload));
		qw_buf_fini(&joined);
		seq = packet.next;
		in = qw_bytes(in.p + packet.wire_bytes, in.n - packet.wire_bytes);
	}
	QW_ASSERT(err == QW_E_MALFORMED || err == QW_E_INCOMPLETE || err == QW_E_LIMIT);
	return in.n ? err : 0;
}

static int check_greeting(struct qw_bytes payload)
{
	struct mywire_greeting g;
	struct qw_buf out;
	uint8_t seq = 0;
	int err = mywire_greeting_decode(payload, &g);

	if (err)
		return err;
	qw_buf_init(&out, MYWIRE_CHECK_OUT_MAX);
	QW_ASSERT(mywire_put_greeting(&out, &seq, &g) == 0);
	mywire_check_same(&out, payload);
	return 0;
}

static int check_ssl_request(struct qw_bytes payload)
{
	struct mywire_link offer = mywire_offer(true, true), link;
	int err = mywire_ssl_request_decode(payload, offer, &link);

	if (err)
		return err;
	QW_ASSERT(payload.n == 32 && (link.capabilities & MYWIRE_SSL));
	QW_ASSERT((link.capabilities & ~offer.capabilities) == 0 &&
		  (link.extended & ~offer.extended) == 0);
	return 0;
}

static void put_response(
	struct builder *b, struct qw_bytes payload, const struct mywire_response *r)
{
	bld_bytes(b, qw_bytes(payload.p, 32));
	bld_cstr(b, r->user);
	if (r->link.capabilities & MYWIRE_AUTH_LENENC)
		mywire_put_lenenc(b, r->auth.n);
	else
		bld_u8(b, (uint8_t)r->auth.n);
	bld_bytes(b, r->auth);
	if (r->link.capabilities & MYWIRE_CONNECT_WITH_DB)
		bld_cstr(b, r->database ? r->database : "");
	if (r->link.capabilities & MYWIRE_PLUGIN_AUTH)
		bld_cstr(b, r->plugin ? r->plugin : "");
}

/* The length in as few bytes as it needs, so that it can be written as it came. */
static bool is_short(const struct mywire_response *r)
{
	return (uint8_t)r->user[strlen(r->user) + 1] == r->auth.n && r->auth.n < 251;
}

/* What was read, written anew as far as the attributes, is how the payload begins. */
static int check_response(struct qw_bytes payload)
{
	static struct mywire_response r;
	struct qw_bytes all;
	struct qw_buf out;
	struct builder b;
	int err = mywire_response_decode(payload, mywire_offer(true, true), &r);

	if (err)
		return err;
	mywire_check_inside(payload, r.auth);
	for (size_t i = 0; i < r.attribute_count; i++) {
		mywire_check_inside(payload, r.attributes[i].name);
		mywire_check_inside(payload, r.attributes[i].value);
	}
	if (!is_short(&r))
		return 0;
	qw_buf_init(&out, MYWIRE_CHECK_OUT_MAX);
	bld_init(&b, &out);
	put_response(&b, payload, &r);
	all = qw_buf_pending(&out);
	QW_ASSERT(bld_error(&b) == 0 && all.n <= payload.n);
	QW_ASSERT(qw_bytes_equal(all, qw_bytes(payload.p, all.n)));
	QW_ASSERT((r.link.capabilities & MYWIRE_CONNECT_ATTRS) || all.n == payload.n);
	qw_buf_fini(&out);
	return 0;
}

static int check_token(struct qw_bytes in)
{
	struct qw_bytes token;
	int err;

	if (in.n == 0 || in.p[0] > MYWIRE_PLUGIN_OPENID)
		return QW_E_MALFORMED;
	err = mywire_token_decode(
		qw_bytes(in.p + 1, in.n - 1), (enum mywire_plugin)in.p[0], &token);
	QW_ASSERT(err == 0 || token.n == 0);
	QW_ASSERT(token.n == 0 || !memchr(token.p, 0, token.n));
	QW_ASSERT(token.n <= MYWIRE_TOKEN_MAX);
	mywire_check_inside(in, token);
	return err;
}

static int check_command(struct qw_bytes payload)
{
	struct mywire_command c;
	int err = mywire_command_decode(payload, &c);

	if (err)
		return err;
	QW_ASSERT(c.code == payload.p[0] && c.name);
	QW_ASSERT(c.policy >= MYWIRE_ALLOWED || (c.text.n == 0 && c.id == 0));
	mywire_check_inside(payload, c.text);
	mywire_check_inside(payload, c.rest);
	if (c.policy == MYWIRE_SQL) /* trimmed is trimmed */
		QW_ASSERT(c.text.n == 0 || c.text.p[c.text.n - 1] == 0 ||
			  mywire_sql_trim(c.text).n == c.text.n);
	return 0;
}

static void check_execute_text(const struct mywire_execute *e)
{
	struct qw_buf whole, cut;

	qw_buf_init(&whole, MYWIRE_CHECK_OUT_MAX);
	qw_buf_init(&cut, TEXT_MAX);
	QW_ASSERT(mywire_execute_text(e, &whole, MYWIRE_CHECK_OUT_MAX) == 0);
	QW_ASSERT(mywire_execute_text(e, &cut, TEXT_MAX) == 0);
	QW_ASSERT(qw_buf_pending(&cut).n <= TEXT_MAX);
	QW_ASSERT(qw_utf8_valid(qw_buf_pending(&cut)));
	QW_ASSERT(qw_utf8_valid(qw_buf_pending(&whole)));
	if (qw_buf_pending(&whole).n <= TEXT_MAX)
		QW_ASSERT(qw_bytes_equal(qw_buf_pending(&whole), qw_buf_pending(&cut)));
	qw_buf_fini(&whole);
	qw_buf_fini(&cut);
}

/* First byte: parameters. Second: 1 types are kept from before (all INT), 2 every other came as
 * long data. */
static int check_execute(struct qw_bytes in)
{
	static const uint8_t kept[2 * PARAMETERS_MAX] = {
		3, 0, 3, 0, 3, 0, 3, 0, 3, 0, 3, 0, 3, 0, 3, 0};
	struct qw_bytes long_data[PARAMETERS_MAX] = {{NULL, 0}}, payload;
	struct mywire_statement s = {0};
	struct mywire_execute e;
	struct mywire_value value;
	unsigned values = 0;
	int err;

	if (in.n < 2 || in.p[0] > PARAMETERS_MAX)
		return QW_E_MALFORMED;
	payload = qw_bytes(in.p + 2, in.n - 2);
	s.parameter_count = in.p[0];
	if (in.p[1] & 1)
		s.types = qw_bytes(kept, 2u * s.parameter_count);
	if (in.p[1] & 2)
		s.long_data = long_data;
	for (size_t i = 0; i < PARAMETERS_MAX; i += 2)
		long_data[i] = QW_LIT("it's long");
	err = mywire_execute_decode(payload, &s, &e);
	if (err)
		return err;
	check_execute_text(&e);
	while ((err = mywire_execute_next(&e, &value)) == 0) {
		values++;
		QW_ASSERT(!value.is_null || value.value.n == 0);
		if (!value.is_long)
			mywire_check_inside(payload, value.value);
	}
	QW_ASSERT(err == QW_E_NOTFOUND && values == s.parameter_count);
	return 0;
}

const struct decoder_check decoder_checks[] = {
	{"mywire_packets", check_packets, true},
	{"mywire_greeting", check_greeting, false},
	{"mywire_ssl_request", check_ssl_request, false},
	{"mywire_response", check_response, false},
	{"mywire_token", check_token, false},
	{"mywire_command", check_command, true},
	{"mywire_execute", check_execute, false},
	{"myreply_ok", mywire_check_ok, true},
	{"myreply_changes", mywire_check_changes, true},
	{"myreply_eof", mywire_check_eof, false},
	{"myreply_error", mywire_check_error, true},
	{"myreply_column", mywire_check_column, false},
	{"myreply_row", mywire_check_row, false},
	{"myreply_answer", mywire_check_answer, true},
};
const size_t decoder_check_count = QW_COUNT(decoder_checks);
