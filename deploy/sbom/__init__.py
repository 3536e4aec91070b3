"""What an image holds, as a list that vulnerability scanners read: CycloneDX JSON."""
