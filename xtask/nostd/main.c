/* A C program that knows nothing of Rust: libc starts it, the library does the rest. */
int teeproof_nostd_check(void);

/* Each bit is an answer that is wrong; an exit status has room for eight of them only. */
int main(void) { return teeproof_nostd_check() != 0; }
