"""The console of a merchant's staff: log in, work the queue, decide a case, report one."""
