/* The MySQL conversation: what a session has besides machine.h when its client speaks MySQL. Private to src/session. */
#ifndef SESSION_MYSQL_H
#define SESSION_MYSQL_H

#include "qw/myreply.h"
#include "qw/mysqlparse.h"

#include "../machine.h"

enum { MY_DATABASE_MAX = 256, MY_OWN_MAX = 4 };

enum my_login {
	MY_LOGIN_VERSION, /* what to greet with is not known yet */
	MY_LOGIN_REQUEST, /* greeted: SSLRequest comes */
	MY_LOGIN_RESPONSE, /* inside TLS: HandshakeResponse comes */
	MY_LOGIN_SCRAMBLE, /* it was switched to caching_sha2_password: an answer that nobody needs comes */
	MY_LOGIN_TOKEN
};

/* Whose answer comes from the server. */
enum my_turn {
	MY_TURN_NONE,
	MY_TURN_CLIENT, /* to a command of the client */
	MY_TURN_OWN /* to one of ours: not for the client */
};

/* A command is taken off the client's bytes whole and kept until it is answered: there is one at a time. */
enum my_work {
	MY_WORK_NONE,
	MY_WORK_TEXT, /* QUERY: statements, one by one */
	MY_WORK_DATABASE, /* INIT_DB */
	MY_WORK_FIELDS, /* FIELD_LIST, judged as SHOW COLUMNS */
	MY_WORK_PREPARE,
	MY_WORK_EXECUTE,
	MY_WORK_PLAIN, /* PING, STATISTICS */
	MY_WORK_RESET /* RESET_CONNECTION */
};

/* A statement of COM_STMT_PREPARE. */
struct my_prepared {
	struct my_prepared *next;
	uint32_t id, upstream_id; /* ours, as the client knows it; the server's */
	struct judged *judged;
	struct mysql_dialect dialect; /* under which, */
	char database[MY_DATABASE_MAX + 1]; /* and where it was prepared */
	uint16_t parameters, columns;
	uint8_t *types; /* of the parameters: 2 bytes each, as last sent */
	bool has_types, is_overflown;
	struct qw_bytes *long_data; /* SEND_LONG_DATA, of each parameter; on the heap */
	size_t long_bytes;
	struct qw_buf definitions; /* of the columns that the server sent last, each behind its length (8 bytes) */
};

/* The result that is open. */
struct my_result {
	struct columns *columns; /* NULL: nothing of it is labelled */
	size_t count, at; /* columns; described so far */
	uint8_t types[MYREPLY_COLUMNS_MAX], seq_before;
	struct qw_buf held; /* COUNT and definitions, until all are known to be what was judged */
	struct qw_buf text, binary; /* one cell */
	bool is_wrong;
};

struct my_conversation {
	enum my_login login;
	enum mywire_plugin plugin;
	uint8_t nonce[MYWIRE_NONCE_BYTES];
	uint32_t id; /* of the greeting */
	uint32_t collation; /* that the client wants */
	struct mywire_link offered, client, upstream;
	uint8_t seq_in, seq_out, seq_up; /* next of the client, to the client, of the server */

	/* the command that is being done */
	enum my_work work;
	struct mywire_command command;
	struct qw_arena arena; /* of the command */
	struct qw_bytes fields; /* FIELD_LIST: its body, in the arena */
	const struct qw_bytes *parts; /* TEXT: statements that are still to be done, in the arena; one: as it came */
	size_t part, part_count;
	struct mysql_dialect parted_under;
	enum my_turn turn;
	struct myreply reply;
	struct qw_buf joined; /* a packet of several frames */
	bool is_further; /* a result of this answer has ended: the next is not the first */
	bool is_hidden; /* the open result is not for this client */

	struct my_prepared *prepared, *preparing, *executing; /* executing: one of `prepared` */
	size_t prepared_count;
	uint32_t prepared_next, prepared_last;
	struct qw_buf binds, recorded, binds_text; /* of EXECUTE: all behind the number; behind how many they are; for people */

	/* ours, sent one by one before the client's next command */
	const char *own[MY_OWN_MAX];
	size_t own_count;
	bool is_resync; /* the session's state changed and nobody said how: asked for by an empty statement */

	/* what the server said last */
	struct mysql_dialect dialect;
	uint16_t status;
	char database[MY_DATABASE_MAX + 1];
	char modes[1024], charset[64]; /* sql_mode, character_set_client */
	char first_modes[1024];
	char again[sizeof(UPSTREAM_MYSQL_AGAIN) + 1024], names[64];
	bool folds_tables, multi_statements;

	struct my_result result;
	struct limits limits; /* of what runs */
	uint64_t limit_us; /* when its time is over; 0: never */
	bool is_muted; /* the client has read an error already: the rest of this answer is not for it */
	char home[MY_DATABASE_MAX + 1]; /* whose labels hold: the database of the login, or the first one within reach */
};

/* ---- startup.c ---- */
bool my_new(struct session *s); /* false: no memory */
void my_free(struct session *s);
void my_version(struct session *s, const char *version);
void my_startup_pump(struct session *s);
void my_tls_ready(struct session *s);

/* ---- login.c ---- */
void my_identified(struct session *s, const struct principal *p);
void my_connected(struct session *s, const struct session_connected *c);
bool my_version_failed(struct session *s, const struct upstream_failure *f); /* true: there was no greeting yet, and will be none */
void my_opened(struct session *s);
const struct policy_role *my_role(const struct session *s); /* NULL: none admits it */

/* ---- client.c ---- */
void my_client_pump(struct session *s);
bool my_is_idle(const struct session *s);
bool my_client_waits(const struct session *s);
void my_done(struct session *s); /* the command is answered */

/* ---- run.c: one statement, from its text to the server ---- */
void my_run_start(struct session *s, struct judged *j);
void my_run_go(struct session *s);
/* Sends; the answer is read as `answer`. */
void my_send(struct session *s, enum my_turn turn, uint8_t code, struct qw_bytes body, enum mywire_answer answer);
void my_finish_part(struct session *s, bool failed); /* the server has answered it, or it was refused */

/* ---- judge.c ---- */
struct judged *my_judge(struct session *s, struct qw_bytes sql); /* NULL: closed for lack of memory */
struct judged *my_judge_use(struct session *s, const char *database); /* of INIT_DB */
void my_decide(struct session *s); /* stage JUDGE */
bool my_reaches(const struct session *s, const char *database);
uint32_t my_kill_target(const struct judged *j);
bool my_cancel_key(struct session *s, uint8_t key[QW_DIGEST_BYTES]); /* of its principal; false: closed */
const char *my_use_target(const struct judged *j); /* the database of a USE; NULL: it is none */

/* ---- prepared.c ---- */
void my_prepare(struct session *s, struct qw_bytes sql);
void my_prepare_forward(struct session *s);
bool my_prepared_answer(struct session *s, const struct myreply_item *item); /* false: out of place */
bool my_prepared_keep(struct my_prepared *p, struct qw_bytes definition); /* false: no memory */
void my_prepared_done(struct session *s, bool failed);
bool my_prepared_definitions(struct session *s, struct my_prepared *p, size_t count); /* false: they do not fit */
void my_statement_execute(struct session *s, uint32_t id, struct qw_bytes payload);
void my_execute_forward(struct session *s);
void my_statement_long(struct session *s, const struct mywire_command *c);
void my_statement_close(struct session *s, uint32_t id);
void my_statement_reset(struct session *s, uint32_t id);
void my_prepared_drop_all(struct session *s);
/* What a held or recorded EXECUTE has bound: exactly, and for people. Empty for all else. */
struct qw_bytes my_binds_recorded(const struct session *s);
int my_binds_exact(const struct session *s, struct qw_buf *out) QW_MUST_CHECK;
struct qw_bytes my_binds_text(const struct session *s);

/* ---- lineage.c ---- */
bool my_is_plain_call(const struct session *s, const struct qw_act *act); /* of a function of the server that anybody may call */
bool my_resolve(struct session *s); /* the run's resolution, while labels apply; false: closed */
const char *my_object_for_masks(const struct session *s, const struct qw_statement *st, const struct flow_result *f);

/* ---- rows.c, cells.c ---- */
void my_rows_init(struct my_result *r);
void my_rows_fini(struct my_result *r);
bool my_rows_begin(struct session *s, size_t count);
void my_rows_column(struct session *s, struct myreply_column *column); /* changes its flags where it is masked */
bool my_rows_described(struct session *s);
bool my_rows_row(struct session *s, const struct myreply_item *item, bool is_binary);
uint32_t my_mask_type(const struct myreply_column *c); /* as mask.h names it; 0: only NULL fits */
int my_cell_text(uint8_t type, struct qw_bytes binary, struct qw_buf *out) QW_MUST_CHECK;
int my_cell_binary(uint8_t type, struct qw_bytes text, struct qw_buf *out) QW_MUST_CHECK;

/* ---- ../guards/mysql.c ---- */
void my_limits_start(struct session *s, const struct limits *l); /* it is sent */
bool my_limits_row(struct session *s, size_t bytes); /* false: it does not leave */
void my_limits_tick(struct session *s);
uint64_t my_limits_deadline(const struct session *s);

/* ---- upstream.c ---- */
void my_upstream_pump(struct session *s);

/* ---- tracked.c ---- */
bool my_take_parameters(struct session *s); /* of a new connection; false: closed */
bool my_take_changes(struct session *s, const struct myreply_ok *ok); /* false: closed */
bool my_dialects_equal(const struct mysql_dialect *a, const struct mysql_dialect *b);
bool my_status_agrees(struct session *s); /* false: closed */
void my_state_again(struct session *s); /* RESET_CONNECTION was done */
const char *my_charset_of(uint32_t collation); /* as SET NAMES has it; NULL: not offered */
void my_own(struct session *s, const char *sql); /* to be sent before the client's next command */

const char *my_protocol(const struct session *s); /* for the record: how the kept response is to be read */

/* ---- errors.c ---- */
void my_refusal_put(struct session *s, const struct refusal *r);
void my_error(struct session *s, uint16_t code, const char *sqlstate, const char *message);
void my_pass_error(struct session *s, const struct myreply_item *item);

#endif
