"""Impact assessments, disclosures to authorities, complaints."""
