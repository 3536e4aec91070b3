# Lists the Makefile's words: `## Group` opens a group, `word: ## text` is one of it.
BEGIN { print "Gatehouse puts a Streamlit app into production. The words:" }
/^## / { printf "\n%s\n", substr($0, 4) }
/^[a-z]+: ## / { split($0, part, ": ## "); printf "  make %-9s %s\n", part[1], part[2] }
