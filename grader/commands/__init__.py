"""What each command of the command line does; a module each, imported when it is called."""
