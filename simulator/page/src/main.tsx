document.getElementById('app')?.append('…');
