/*
 * The commands: which there are, what becomes of each, and what stands in those that pass. The
 * table is complete for MySQL 9 and MariaDB 11; a code that is not in it is refused as unknown.
 */
#include "internal.h"

/* clang-format off */
enum body { BODY_NONE, BODY_SQL, BODY_SCHEMA, BODY_FIELDS, BODY_ID, BODY_EXECUTE, BODY_DATA, BODY_FETCH, BODY_OPTION, BODY_OTHER };

static const struct known {
	uint8_t code, body;
	uint8_t policy, answer;
	const char *name;
} commands[] = {
	{MYWIRE_QUIT, BODY_NONE, MYWIRE_ALLOWED, MYWIRE_ANSWER_NONE, "COM_QUIT"},
	{MYWIRE_INIT_DB, BODY_SCHEMA, MYWIRE_NAME, MYWIRE_ANSWER_OK, "COM_INIT_DB"},
	{MYWIRE_QUERY, BODY_SQL, MYWIRE_SQL, MYWIRE_ANSWER_RESULT, "COM_QUERY"},
	{MYWIRE_FIELD_LIST, BODY_FIELDS, MYWIRE_NAME, MYWIRE_ANSWER_FIELDS, "COM_FIELD_LIST"},
	{MYWIRE_STATISTICS, BODY_NONE, MYWIRE_ALLOWED, MYWIRE_ANSWER_TEXT, "COM_STATISTICS"},
	{MYWIRE_PROCESS_KILL, BODY_ID, MYWIRE_KILL, MYWIRE_ANSWER_OK, "COM_PROCESS_KILL"},
	{MYWIRE_PING, BODY_NONE, MYWIRE_ALLOWED, MYWIRE_ANSWER_OK, "COM_PING"},
	{MYWIRE_STMT_PREPARE, BODY_SQL, MYWIRE_SQL, MYWIRE_ANSWER_PREPARE, "COM_STMT_PREPARE"},
	{MYWIRE_STMT_EXECUTE, BODY_EXECUTE, MYWIRE_STATEMENT, MYWIRE_ANSWER_EXECUTE, "COM_STMT_EXECUTE"},
	{MYWIRE_STMT_SEND_LONG_DATA, BODY_DATA, MYWIRE_STATEMENT, MYWIRE_ANSWER_NONE, "COM_STMT_SEND_LONG_DATA"},
	{MYWIRE_STMT_CLOSE, BODY_ID, MYWIRE_STATEMENT, MYWIRE_ANSWER_NONE, "COM_STMT_CLOSE"},
	{MYWIRE_STMT_RESET, BODY_ID, MYWIRE_STATEMENT, MYWIRE_ANSWER_OK, "COM_STMT_RESET"},
	{MYWIRE_SET_OPTION, BODY_OPTION, MYWIRE_STATE, MYWIRE_ANSWER_OK, "COM_SET_OPTION"},
	{MYWIRE_STMT_FETCH, BODY_FETCH, MYWIRE_STATEMENT, MYWIRE_ANSWER_FETCH, "COM_STMT_FETCH"},
	{MYWIRE_RESET_CONNECTION, BODY_NONE, MYWIRE_STATE, MYWIRE_ANSWER_OK, "COM_RESET_CONNECTION"},
	{MYWIRE_CHANGE_USER, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_CHANGE_USER"},
	{0x00, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_SLEEP"},
	{0x05, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_CREATE_DB"},
	{0x06, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_DROP_DB"},
	{0x07, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_REFRESH"},
	{0x08, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_SHUTDOWN"},
	{0x0A, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_PROCESS_INFO"},
	{0x0B, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_CONNECT"},
	{0x0D, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_DEBUG"},
	{0x0F, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_TIME"},
	{0x10, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_DELAYED_INSERT"},
	{0x12, BODY_OTHER, MYWIRE_RAW, MYWIRE_ANSWER_NONE, "COM_BINLOG_DUMP"},
	{0x13, BODY_OTHER, MYWIRE_RAW, MYWIRE_ANSWER_NONE, "COM_TABLE_DUMP"},
	{0x14, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_CONNECT_OUT"},
	{0x15, BODY_OTHER, MYWIRE_RAW, MYWIRE_ANSWER_NONE, "COM_REGISTER_SLAVE"},
	{0x1D, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_DAEMON"},
	{0x1E, BODY_OTHER, MYWIRE_RAW, MYWIRE_ANSWER_NONE, "COM_BINLOG_DUMP_GTID"},
	{0x20, BODY_OTHER, MYWIRE_RAW, MYWIRE_ANSWER_NONE, "COM_CLONE"},
	{0x21, BODY_OTHER, MYWIRE_RAW, MYWIRE_ANSWER_NONE, "COM_SUBSCRIBE_GROUP_REPLICATION_STREAM"},
	{0xFA, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_STMT_BULK_EXECUTE"},
	{0xFE, BODY_OTHER, MYWIRE_REFUSED, MYWIRE_ANSWER_NONE, "COM_MULTI"},
};
/* clang-format on */

static bool is_blank(uint8_t b)
{
	return b == ' ' || (b >= '\t' && b <= '\r');
}

/*
 * dispatch_command() cuts so before it parses. It asks the session's character set what a blank is;
 * the six of ASCII are blanks in all, and what is not cut here is the lexer's to refuse.
 */
struct qw_bytes mywire_sql_trim(struct qw_bytes sql)
{
	if (sql.n && sql.p[sql.n - 1] == 0)
		sql.n--;
	while (sql.n && (is_blank(sql.p[sql.n - 1]) || sql.p[sql.n - 1] == ';'))
		sql.n--;
	while (sql.n && is_blank(sql.p[0]))
		sql = qw_bytes(sql.p + 1, sql.n - 1);
	return sql;
}

static struct qw_bytes read_name(struct cursor *c, struct qw_bytes name)
{
	if (name.n > MYWIRE_NAME_MAX || !qw_utf8_valid(name)) /* which refuses NUL, too */
		cur_fail(c);
	return name;
}

static int read_body(struct cursor *c, enum body body, struct mywire_command *out)
{
	switch (body) {
	case BODY_NONE:
		break;
	case BODY_SQL:
		out->text = mywire_sql_trim(cur_rest(c));
		break;
	case BODY_SCHEMA:
		out->text = read_name(c, cur_rest(c));
		break;
	case BODY_FIELDS:
		out->text = read_name(c, cur_text(c));
		out->rest = read_name(c, cur_rest(c));
		break;
	case BODY_ID:
		out->id = (uint32_t)mywire_le(c, 4);
		break;
	case BODY_DATA:
		out->id = (uint32_t)mywire_le(c, 4);
		out->number = (uint32_t)mywire_le(c, 2);
		out->rest = cur_rest(c);
		break;
	case BODY_FETCH:
		out->id = (uint32_t)mywire_le(c, 4);
		out->number = (uint32_t)mywire_le(c, 4);
		break;
	case BODY_OPTION:
		out->number = (uint32_t)mywire_le(c, 2);
		if (out->number > 1)
			cur_fail(c);
		break;
	case BODY_EXECUTE:
		out->id = (uint32_t)mywire_le(c, 4);
		out->rest = cur_rest(c);
		break;
	case BODY_OTHER:
		out->rest = cur_rest(c);
		break;
	}
	return cur_end(c);
}

int mywire_command_decode(struct qw_bytes payload, struct mywire_command *out)
{
	struct cursor c = cur_from(payload);

	*out = (struct mywire_command){.name = "COM_UNKNOWN"};
	out->code = cur_u8(&c);
	if (c.failed)
		return QW_E_MALFORMED;
	for (size_t i = 0; i < QW_COUNT(commands); i++) {
		const struct known *k = &commands[i];

		if (k->code != out->code)
			continue;
		out->name = k->name;
		out->policy = (enum mywire_policy)k->policy;
		out->answer = (enum mywire_answer)k->answer;
		return read_body(&c, (enum body)k->body, out);
	}
	out->rest = cur_rest(&c);
	return 0;
}

int mywire_put_command(struct qw_buf *out, uint8_t *seq, uint8_t code, struct qw_bytes body)
{
	struct builder b;

	mywire_begin(&b, out);
	bld_u8(&b, code);
	bld_bytes(&b, body);
	return mywire_end(&b, seq);
}
