/*
 * Any bytes as the text of a tree: what is read is exactly what a server would have printed of it (reprint_check). The first
 * byte is the version; it also says if the lines are broken anew, so that what was changed in a line gets past the line breaks.
 */
#include "reprint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void break_anew(struct qw_bytes text, struct qw_buf *out)
{
	struct qw_buf line;

	qw_buf_init(&line, 1 << 24);
	for (size_t i = 0; i + 1 < text.n; i++)
		QW_ASSERT(!qw_buf_append(&line, text.p[i] == '\n' ? (const uint8_t *)" " : &text.p[i], 1));
	reprint_lines(qw_buf_pending(&line), out);
	qw_buf_fini(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct qtree_value out;
	struct qw_arena arena;
	const char *problem;
	struct qw_buf text;
	unsigned how;

	if (size == 0)
		return 0;
	how = data[0] % 12;
	qw_arena_init(&arena, 64 << 20);
	qw_buf_init(&text, 1 << 24);
	if (how >= 6)
		break_anew(qw_bytes(data + 1, size - 1), &text);
	else
		QW_ASSERT(size == 1 || !qw_buf_append(&text, data + 1, size - 1));
	(void)reprint_check(13 + how % 6, qw_buf_pending(&text), &arena, &out, &problem);
	qw_buf_fini(&text);
	qw_arena_fini(&arena);
	return 0;
}
