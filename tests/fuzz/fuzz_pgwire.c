/* One decoder of protocols/postgres, named by FUZZ_TARGET. */
#include "pgwire_checks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pgwire_check *check;

	if (!check)
		check = pgwire_check_find(FUZZ_TARGET);
	QW_ASSERT(check != NULL);
	(void)check->run(qw_bytes(data, size));
	return 0;
}
