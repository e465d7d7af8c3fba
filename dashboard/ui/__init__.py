"""What pages draw with: streamlit lives here, in router.py and in pages/, and nowhere else."""
