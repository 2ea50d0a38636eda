/* A C program that knows nothing of Rust: libc starts it, the library does the rest. */
int teeproof_nostd_check(void);

int main(void) { return teeproof_nostd_check(); }
