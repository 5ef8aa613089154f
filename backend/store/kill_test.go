package store

const childDSN = "LEADLINE_STORE_TEST_CHILD"

func writeUntilKilled(string) {}
