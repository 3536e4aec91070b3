"""Who may come in: sign-in, sessions that can be ended, policy, and the wall around Streamlit's routes."""
