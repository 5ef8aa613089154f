package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"leadline/backend/app"
	"leadline/backend/fault"
)

// user makes logins. The password never stands on the command line, where other
// users of the machine could read it.
func user(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] != "add" {
		return errors.New("usage: leadline user add --email ADDRESS")
	}
	f := flag.NewFlagSet("user add", flag.ContinueOnError)
	email := f.String("email", "", "address that the person signs in with")
	passwordEnv := f.String("password-env", "", "variable that holds the password; without it the first line of the input is taken")
	ifMissing := f.Bool("if-missing", false, "do nothing if the login exists")
	if err := f.Parse(args[1:]); err != nil {
		return exitCode(2)
	}
	if *email == "" {
		return errors.New("--email is needed")
	}
	password := os.Getenv(*passwordEnv)
	if *passwordEnv == "" {
		fmt.Fprint(os.Stderr, "Password (at least 10 characters): ")
		line, err := bufio.NewReader(os.Stdin).ReadString('\n')
		if err != nil && line == "" {
			return errors.New("no password was given")
		}
		password = strings.TrimRight(line, "\r\n")
	}
	cfg, log, err := settings()
	if err != nil {
		return err
	}
	err = app.AddUser(ctx, cfg, log, *email, password)
	switch {
	case fault.CodeOf(err) == "email_taken" && *ifMissing:
		return nil
	case fault.CodeOf(err) == "email_taken":
		return fmt.Errorf("%s has a login already", *email)
	case fault.CodeOf(err) == "weak_password":
		return errors.New("the password is too weak: at least 10 characters that are not all the same")
	case fault.CodeOf(err) == "invalid_email":
		return fmt.Errorf("%q is no e-mail address", *email)
	case err != nil:
		return err
	}
	fmt.Printf("%s can sign in now.\n", *email)
	return nil
}
