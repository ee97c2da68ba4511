/* ERR packets: the gateway's own words with numbers that MySQL's clients know, and what is left of the server's. */
#include "conversation.h"

#include <stdio.h>

enum { MESSAGE_MAX = 500 /* clients keep 512 */, FIELDS_MAX = 4096 };

static const struct {
	const char *ours;
	uint16_t code;
	const char *sqlstate;
} numbers[] = {
	{"42501", 1142, "42000"}, /* ER_TABLEACCESS_DENIED_ERROR */
	{"42601", 1064, "42000"}, /* ER_PARSE_ERROR */
	{"28000", 1045, "28000"}, /* ER_ACCESS_DENIED_ERROR */
	{"28P01", 1045, "28000"},
	{"3D000", 1049, "42000"}, /* ER_BAD_DB_ERROR */
	{"57014", 1317, "70100"}, /* ER_QUERY_INTERRUPTED */
	{"57P01", 1053, "08S01"}, /* ER_SERVER_SHUTDOWN */
	{"QW001", 1644, "HY000"}, /* ER_SIGNAL_EXCEPTION */
	{"QW002", 1644, "HY000"},
	{"53300", 1040, "08004"}, /* ER_CON_COUNT_ERROR */
	{"53400", 1226, "42000"}, /* ER_USER_LIMIT_REACHED */
	{"54000", 1153, "08S01"}, /* ER_NET_PACKET_TOO_LARGE */
	{"0A000", 1235, "42000"}, /* ER_NOT_SUPPORTED_YET */
	{"08P01", 1835, "HY000"}, /* ER_MALFORMED_PACKET */
	{"26000", 1243, "HY000"}, /* ER_UNKNOWN_STMT_HANDLER */
	{"22023", 1115, "42000"}, /* ER_UNKNOWN_CHARACTER_SET */
};

void my_error(struct session *s, uint16_t code, const char *sqlstate, const char *message)
{
	char text[MESSAGE_MAX + 1];

	size_t n = strlen(message) < MESSAGE_MAX ? strlen(message) : MESSAGE_MAX;

	memcpy(text, message, n);
	text[n] = '\0';
	session_put(s, SESSION_CLIENT, myreply_put_error(&s->out[SESSION_CLIENT], &s->my->seq_out, code, sqlstate, text));
}

/* One message is all that there is: what happened, the line for programs, then the rest as far as it fits. */
void my_refusal_put(struct session *s, const struct refusal *r)
{
	struct qw_buf fields;
	char text[1200];
	size_t i = 0;

	qw_buf_init(&fields, FIELDS_MAX);
	if (refusal_fields(&fields, r) || qw_buf_append(&fields, "", 1)) {
		qw_buf_fini(&fields);
		session_out_of_memory(s);
		return;
	}
	(void)snprintf(text, sizeof(text), "%.300s [%.300s]%s%.200s%s%.200s", r->message, (const char *)fields.p, r->hint ? " " : "",
		r->hint ? r->hint : "", r->detail ? " " : "", r->detail ? r->detail : "");
	qw_buf_fini(&fields);
	while (i < QW_COUNT(numbers) && strcmp(numbers[i].ours, r->sqlstate) != 0)
		i++;
	if (i < QW_COUNT(numbers))
		my_error(s, numbers[i].code, numbers[i].sqlstate, text);
	else
		my_error(s, 1105, "HY000", text); /* ER_UNKNOWN_ERROR */
}

/* It reads no relation that has sensitive columns, and runs nothing that could read one. */
static bool names_nothing_secret(const struct session *s)
{
	const struct judged *j = s->unit ? s->unit->judged : NULL;
	const struct qw_statement *st = j && j->facts.count == 1 ? &j->facts.list[0] : NULL;
	const char *which;

	if (!st || j->is_unparsed || st->writes || labels_relation_touched(s->labels, st, &which))
		return false;
	for (size_t i = 0; i < st->act_count; i++)
		if (st->acts[i].verb == QW_VERB_CALL)
			return false;
	return true;
}

/* While masks apply, the text could repeat a value: number and SQLSTATE only. */
void my_pass_error(struct session *s, const struct myreply_item *item)
{
	struct unit *u = s->unit;

	if (u)
		(void)snprintf(u->tag, sizeof(u->tag), "%u %.5s", item->error.code, item->error.sqlstate);
	if (!s->labels || names_nothing_secret(s)) {
		session_put(s, SESSION_CLIENT, mywire_put_packet(&s->out[SESSION_CLIENT], &s->my->seq_out, item->payload));
		return;
	}
	ledger_error(s, u ? u->id : 0, item->payload);
	my_error(s, item->error.code, item->error.sqlstate,
		"the database reported this error; its text is withheld because it can repeat masked values, and is in the audit record");
}
