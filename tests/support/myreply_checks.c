/* The decoders of protocols/mysql/reply. */
#include "mywire_checks.h"

#include "qw/myreply.h"

enum { COLUMNS_MAX = 64 };

static const struct mywire_link classic = {MYWIRE_PROTOCOL_41, 0};
static const struct mywire_link track = {MYWIRE_PROTOCOL_41 | MYWIRE_SESSION_TRACK, 0};

static struct qw_bytes skip(struct qw_bytes in, size_t n)
{
	return qw_bytes(in.p + n, in.n - n);
}

static int walk_changes(struct qw_bytes list)
{
	struct qw_bytes whole = list;
	struct myreply_change change;
	size_t bytes = 0;
	int err;

	while ((err = myreply_change_next(&list, &change)) == 0) {
		bytes += change.raw.n;
		mywire_check_inside(whole, change.raw);
		mywire_check_inside(change.raw, change.name);
		mywire_check_inside(change.raw, change.value);
		QW_ASSERT(!change.is_null || change.value.n == 0);
	}
	QW_ASSERT(err == QW_E_MALFORMED || (err == QW_E_NOTFOUND && bytes == whole.n));
	return err == QW_E_NOTFOUND ? 0 : err;
}

int mywire_check_changes(struct qw_bytes in)
{
	return walk_changes(in);
}

static void check_ok_again(const struct myreply_ok *ok, struct mywire_link link)
{
	struct mywire_packet packet;
	struct myreply_ok again;
	struct qw_buf out;
	uint8_t seq = 0;

	qw_buf_init(&out, MYWIRE_CHECK_OUT_MAX);
	QW_ASSERT(myreply_put_ok(&out, &seq, link, ok) == 0);
	QW_ASSERT(mywire_packet_peek(qw_buf_pending(&out), 0, MYWIRE_CHECK_OUT_MAX, &packet) == 0);
	QW_ASSERT(myreply_ok_decode(packet.payload, link, &again) == 0);
	QW_ASSERT(again.affected_rows == ok->affected_rows && again.warnings == ok->warnings);
	QW_ASSERT(
		again.last_insert_id == ok->last_insert_id && qw_bytes_equal(again.info, ok->info));
	QW_ASSERT(((again.status ^ ok->status) & ~(unsigned)MYWIRE_STATE_CHANGED) == 0);
	if (link.capabilities & MYWIRE_SESSION_TRACK)
		QW_ASSERT(qw_bytes_equal(again.changes, ok->changes));
	else
		QW_ASSERT(again.changes.n == 0 && !(again.status & MYWIRE_STATE_CHANGED));
	qw_buf_fini(&out);
}

/* First byte: 1 with SESSION_TRACK. */
int mywire_check_ok(struct qw_bytes in)
{
	struct myreply_ok ok;
	int err;

	if (in.n == 0 || in.p[0] > 1)
		return QW_E_MALFORMED;
	err = myreply_ok_decode(skip(in, 1), in.p[0] ? track : classic, &ok);
	if (err)
		return err;
	QW_ASSERT(walk_changes(ok.changes) == 0);
	mywire_check_inside(in, ok.info);
	mywire_check_inside(in, ok.changes);
	check_ok_again(&ok, track);
	check_ok_again(&ok, classic);
	return 0;
}

int mywire_check_eof(struct qw_bytes in)
{
	struct myreply_eof eof;
	struct qw_buf out;
	uint8_t seq = 0;
	int err = myreply_eof_decode(in, &eof);

	if (err)
		return err;
	qw_buf_init(&out, MYWIRE_CHECK_OUT_MAX);
	QW_ASSERT(myreply_put_eof(&out, &seq, track, &eof) == 0);
	mywire_check_same(&out, in);
	return 0;
}

int mywire_check_error(struct qw_bytes in)
{
	struct myreply_error e;
	struct qw_buf out;
	struct qw_arena arena;
	char *message;
	uint8_t seq = 0;
	int err = myreply_error_decode(in, &e);

	if (err)
		return err;
	mywire_check_inside(in, e.message);
	if (in.n < 4 || in.p[3] != '#' || (e.message.n && memchr(e.message.p, 0, e.message.n)))
		return 0;
	qw_arena_init(&arena, MYWIRE_CHECK_OUT_MAX);
	message = qw_arena_strdup(&arena, e.message);
	QW_ASSERT(message != NULL);
	qw_buf_init(&out, MYWIRE_CHECK_OUT_MAX);
	QW_ASSERT(myreply_put_error(&out, &seq, e.code, e.sqlstate, message) == 0);
	mywire_check_same(&out, in);
	qw_arena_fini(&arena);
	return 0;
}

static struct qw_bytes put_again(struct qw_buf *out, const struct myreply_column *column)
{
	struct mywire_packet packet;
	uint8_t seq = 0;

	qw_buf_init(out, MYWIRE_CHECK_OUT_MAX);
	QW_ASSERT(myreply_put_column(out, &seq, classic, column) == 0);
	QW_ASSERT(mywire_packet_peek(qw_buf_pending(out), 0, MYWIRE_CHECK_OUT_MAX, &packet) == 0);
	return packet.payload;
}

/* First byte: 1 extended metadata, 2 a default value. */
int mywire_check_column(struct qw_bytes in)
{
	struct mywire_link link = classic;
	struct myreply_column column, again;
	struct qw_buf first, second;
	bool has_default;
	int err;

	if (in.n == 0 || in.p[0] > 3)
		return QW_E_MALFORMED;
	link.extended = in.p[0] & 1 ? MYWIRE_EXT_METADATA : 0;
	has_default = in.p[0] & 2;
	err = myreply_column_decode(skip(in, 1), link, has_default, &column);
	if (err)
		return err;
	mywire_check_inside(in, column.name);
	mywire_check_inside(in, column.extended);
	mywire_check_inside(in, column.default_value);
	QW_ASSERT(myreply_column_decode(put_again(&first, &column), classic, has_default, &again) ==
		  0);
	QW_ASSERT(qw_bytes_equal(again.name, column.name) && again.type == column.type);
	QW_ASSERT(again.flags == column.flags && again.length == column.length);
	QW_ASSERT(qw_bytes_equal(
		put_again(&second, &again), skip(qw_buf_pending(&first), MYWIRE_HEADER)));
	qw_buf_fini(&first);
	qw_buf_fini(&second);
	return 0;
}

/* Cells as they stand give the row again; values written anew a row with the same values. */
static void rebuild(struct qw_bytes payload, const struct myreply_format *format)
{
	struct myreply_row_out copied, written;
	struct qw_buf a, b;
	struct myreply_row row;
	struct myreply_cell cell;
	uint8_t seq = 0;

	qw_buf_init(&a, MYWIRE_CHECK_OUT_MAX);
	qw_buf_init(&b, MYWIRE_CHECK_OUT_MAX);
	QW_ASSERT(myreply_row_open(payload, format, &row) == 0);
	myreply_row_begin(&copied, &a, format);
	myreply_row_begin(&written, &b, format);
	while (myreply_row_next(&row, &cell) == 0) {
		mywire_check_inside(payload, cell.raw);
		mywire_check_inside(cell.raw, cell.value);
		myreply_row_copy(&copied, &cell);
		if (cell.is_null)
			myreply_row_null(&written);
		else
			myreply_row_value(&written, cell.value);
	}
	QW_ASSERT(myreply_row_end(&copied, &seq) == 0);
	mywire_check_same(&a, payload);
	seq = 0;
	QW_ASSERT(myreply_row_end(&written, &seq) == 0);
	QW_ASSERT(qw_buf_pending(&b).n <= payload.n + MYWIRE_HEADER);
	qw_buf_fini(&b);
}

/* First byte: columns, and 0x80 for binary rows, whose types follow. */
int mywire_check_row(struct qw_bytes in)
{
	struct myreply_format format = {0};
	struct myreply_cell cell;
	struct myreply_row row;
	struct qw_bytes payload;
	int err;

	if (in.n == 0 || (in.p[0] & 0x7F) > COLUMNS_MAX)
		return QW_E_MALFORMED;
	format.count = in.p[0] & 0x7F;
	payload = skip(in, 1);
	if (in.p[0] & 0x80) {
		if (payload.n < format.count)
			return QW_E_MALFORMED;
		format.types = payload.p;
		payload = skip(payload, format.count);
	}
	err = myreply_row_open(payload, &format, &row);
	while (!err)
		err = myreply_row_next(&row, &cell);
	if (err != QW_E_NOTFOUND)
		return err;
	QW_ASSERT(row.next == format.count);
	rebuild(payload, &format);
	return 0;
}

/* Once more through a reader of the client's link: what the gateway writes is an answer, too. */
static int relay(struct myreply *client, const struct myreply_item *item)
{
	struct mywire_packet packet;
	struct myreply_item again;
	struct qw_buf out;
	uint8_t seq = 0;
	int err;

	qw_buf_init(&out, MYWIRE_CHECK_OUT_MAX);
	err = myreply_put(&out, &seq, client->link, item);
	QW_ASSERT((err != 0) == (item->kind == MYREPLY_INFILE));
	if (!err && item->kind != MYREPLY_PROGRESS) {
		QW_ASSERT(mywire_packet_peek(
				  qw_buf_pending(&out), 0, MYWIRE_CHECK_OUT_MAX, &packet) == 0);
		QW_ASSERT(myreply_read(client, packet.payload, &again) == 0);
		QW_ASSERT(again.kind == item->kind);
	}
	qw_buf_fini(&out);
	return err;
}

/* Three bytes: which answer, MariaDB's word (0x1D) or 1 for SESSION_TRACK, columns; then 2 bytes of
 * length and a payload each. */
int mywire_check_answer(struct qw_bytes in)
{
	struct mywire_link link = classic;
	struct myreply server, client;
	struct myreply_item item;
	struct cursor c = cur_from(in);
	unsigned answer = cur_u8(&c), flags = cur_u8(&c), columns = cur_u8(&c);
	bool is_cached = false;
	int err = 0;

	if (c.failed || answer > MYWIRE_ANSWER_TEXT)
		return QW_E_MALFORMED;
	link.capabilities |= flags & 1 ? MYWIRE_SESSION_TRACK : 0;
	link.extended = flags & 0x1C;
	if (flags & 2)
		link.extended |= MYWIRE_EXT_PROGRESS;
	myreply_begin(&server, (enum mywire_answer)answer, link, columns);
	myreply_begin(&client, (enum mywire_answer)answer, classic, columns);
	while (!err && cur_left(&c)) {
		struct qw_bytes payload = cur_bytes(&c, mywire_le(&c, 2));
		bool is_row, was_done = myreply_is_done(&server);

		if (c.failed)
			return QW_E_INCOMPLETE;
		is_row = payload.n && myreply_is_row(&server, payload.p[0], (uint32_t)payload.n);
		err = myreply_read(&server, payload, &item);
		QW_ASSERT(!was_done || err == QW_E_STATE);
		QW_ASSERT(err ? !is_row : is_row == (item.kind == MYREPLY_ROW));
		if (!err && item.kind == MYREPLY_COUNT && !item.metadata_follows)
			is_cached = true; /* the client needs what only a session keeps */
		if (!err && !is_cached)
			err = relay(&client, &item);
	}
	if (!err && !is_cached)
		QW_ASSERT(myreply_is_done(&server) == myreply_is_done(&client));
	return err ? err : myreply_is_done(&server) ? 0 : QW_E_INCOMPLETE;
}
